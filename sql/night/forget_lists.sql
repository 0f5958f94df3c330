-- Of each data set only the lists of the newest $keep nights stay; what was measured of all nights does.
DELETE FROM ranked_items
WHERE run_id IN (
    SELECT run_id
    FROM (
        SELECT run_id,
               row_number() OVER (PARTITION BY dataset ORDER BY finished_at_utc DESC, run_id DESC) AS age
        FROM runs
        WHERE flow = 'nightly'
    )
    WHERE age > $keep
)
