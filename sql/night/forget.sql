-- The nights of each data set but the newest $keep, which lose their lists and what is known of the
-- people of them; what was measured of all nights stays.
SELECT run_id
FROM (
    SELECT run_id,
           row_number() OVER (PARTITION BY dataset ORDER BY finished_at_utc DESC, run_id DESC) AS age
    FROM runs
    WHERE flow = 'nightly'
)
WHERE age > $keep
