-- The night that is meant by $run_id, or the last one: whether it has lists, and how many people's.
SELECT run.run_id, run.dataset, run.finished_at_utc,
       (SELECT count(DISTINCT listed.user) FROM ranked_items AS listed
        WHERE listed.run_id = run.run_id) AS users
FROM runs AS run
WHERE run.flow = 'nightly' AND ($run_id = '' OR run.run_id = $run_id)
ORDER BY run.finished_at_utc DESC, run.run_id DESC
LIMIT 1
