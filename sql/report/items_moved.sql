-- On how many published lists each item stands, and stood in the night before ($before); the
-- largest moves of either kind.
WITH listed AS (
    SELECT ranked.run_id, ranked.item, any_value(ranked.title) AS title, any_value(ranked.year) AS year,
           count(*) AS lists
    FROM ranked_items AS ranked
    JOIN runs AS run USING (run_id)
    WHERE run_id IN ($run_id, $before) AND ranked.rank <= run.top
    GROUP BY ranked.run_id, ranked.item
), moved AS (
    SELECT item, coalesce(tonight.title, before.title) AS title,
           coalesce(tonight.year, before.year) AS year,
           coalesce(before.lists, 0) AS before, coalesce(tonight.lists, 0) AS tonight,
           coalesce(tonight.lists, 0) - coalesce(before.lists, 0) AS difference
    FROM (FROM listed WHERE run_id = $run_id) AS tonight
    FULL JOIN (FROM listed WHERE run_id = $before) AS before USING (item)
)
FROM moved
WHERE difference <> 0
QUALIFY row_number() OVER (PARTITION BY difference > 0 ORDER BY abs(difference) DESC, item) <= 10
ORDER BY difference DESC, item
