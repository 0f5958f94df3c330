-- How many of each user's recommendations are new since the run before on the same data set?
WITH ordered AS (
    SELECT run_id, top, row_number() OVER (ORDER BY finished_at_utc DESC, run_id DESC) AS age
    FROM runs
    WHERE dataset = (SELECT dataset FROM latest_run)
),
lists AS (
    SELECT ordered.age, ranked.user, ranked.item
    FROM ranked_items AS ranked
    JOIN ordered USING (run_id)
    WHERE ordered.age <= 2 AND ranked.rank <= ordered.top
)
SELECT tonight.user, count(*) AS recommended, count(*) FILTER (before.item IS NULL) AS new
FROM lists AS tonight
LEFT JOIN lists AS before
  ON before.age = 2 AND before.user = tonight.user AND before.item = tonight.item
WHERE tonight.age = 1
GROUP BY tonight.user
ORDER BY new DESC, tonight.user
LIMIT 20
