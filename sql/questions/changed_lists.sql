-- How many of each person's recommendations are new since the night before on the same data set?
WITH night AS (SELECT run_id, before FROM nights JOIN latest_run USING (run_id)),
earlier AS (
    SELECT user, item
    FROM ranked_items AS ranked
    JOIN nights AS night USING (run_id)
    WHERE run_id = (SELECT before FROM night) AND ranked.rank <= night.top
)
SELECT tonight.user, count(*) AS recommended, count(*) FILTER (earlier.item IS NULL) AS new
FROM (FROM latest_recommendations SEMI JOIN latest_run USING (run_id)) AS tonight
LEFT JOIN earlier USING (user, item)
WHERE (SELECT before FROM night) IS NOT NULL
GROUP BY tonight.user
ORDER BY new DESC, tonight.user
LIMIT 20
