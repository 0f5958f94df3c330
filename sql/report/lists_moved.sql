-- Of how many users the published list is another than in the night before ($before).
WITH listed AS (
    SELECT ranked.run_id, ranked.user,
           list(ranked.item ORDER BY ranked.rank) AS ordered, list(ranked.item ORDER BY ranked.item) AS items
    FROM ranked_items AS ranked
    JOIN runs AS run USING (run_id)
    WHERE run_id IN ($run_id, $before) AND ranked.rank <= run.top
    GROUP BY ALL
)
SELECT count(*) FILTER (tonight.ordered = before.ordered) AS same,
       count(*) FILTER (tonight.items = before.items AND tonight.ordered <> before.ordered) AS reordered,
       count(*) FILTER (tonight.items <> before.items) AS other,
       count(*) FILTER (before.user IS NULL) AS appeared,
       count(*) FILTER (tonight.user IS NULL) AS gone,
       coalesce(sum(len(tonight.items) - len(list_intersect(tonight.items, before.items)))
                FILTER (tonight.items <> before.items), 0)::BIGINT AS new_items
FROM (FROM listed WHERE run_id = $run_id) AS tonight
FULL JOIN (FROM listed WHERE run_id = $before) AS before USING (user)
