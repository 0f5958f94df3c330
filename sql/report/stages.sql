-- Where a night's time went: its phases in the order in which they began, and in each its stages,
-- the longest first. part: what a stage was for, tonight's lists or the hidden ratings (held out).
-- saved: what the results that were on disk took when they were made.
WITH of_run AS (
    FROM stages WHERE run_id = $run_id
    UNION ALL BY NAME  -- files of earlier versions
    SELECT NULL::VARCHAR AS phase, NULL::VARCHAR AS detail WHERE false
), placed AS (
    SELECT * REPLACE (coalesce(phase, '') AS phase, coalesce(detail, '') AS detail),
           min(place) OVER (PARTITION BY coalesce(phase, '')) AS began
    FROM of_run
)
SELECT began, phase, stage, detail,
       CASE WHEN part = '' THEN 'both'
            WHEN part LIKE 'tonight%' OR part = 'guard' THEN 'tonight' ELSE 'held out' END AS part,
       count(*) AS tasks, count(*) FILTER (cached) AS cached,
       sum(seconds) AS seconds, max(rows) AS rows,
       coalesce(sum(work_seconds) FILTER (cached), 0) AS saved
FROM placed
GROUP BY ALL
ORDER BY began, seconds DESC, saved DESC, stage, detail, part
