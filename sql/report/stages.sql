-- Where a night's time went: its tasks by what they do, and whether for tonight's lists or for the
-- held-out ratings. saved: what the results that were on disk took when they were made.
SELECT stage,
       CASE WHEN part = '' THEN 'both'
            WHEN part LIKE 'tonight%' OR part = 'guard' THEN 'tonight' ELSE 'held out' END AS part,
       count(*) AS tasks, count(*) FILTER (cached) AS cached,
       sum(seconds) AS seconds, max(rows) AS rows,
       coalesce(sum(work_seconds) FILTER (cached), 0) AS saved
FROM stages
WHERE run_id = $run_id
GROUP BY ALL
ORDER BY seconds DESC, saved DESC, stage, part
