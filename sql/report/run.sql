-- One night's row of `runs`.
SELECT run_id, started_at_utc, finished_at_utc, seconds, dataset, model, scorer, reranker, top,
       ratings, items, users, users_listed, candidates, unscored,
       coalesce(status, 'complete') AS status, note, method, model_from, measured_in, config, versions,
       state IS NULL AS leaves_nothing, coalesce(implicit, false) AS implicit, coalesce(remarks::VARCHAR[], []) AS remarks,
       coalesce(passed_over::VARCHAR[], []) AS passed_over
FROM (
    FROM runs
    UNION ALL BY NAME  -- files of earlier versions
    SELECT NULL::BOOLEAN AS implicit, NULL::JSON AS remarks, NULL::JSON AS passed_over, NULL::JSON AS state WHERE false
)
WHERE run_id = $run_id AND flow = 'nightly'
