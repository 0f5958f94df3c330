-- One row per item of the last night: how many people's lists it stands in and how high, in the
-- base lists, in the re-ranked ones, and in those that were published (by the guard, perhaps base).
SELECT run_id, item, any_value(title) AS title, any_value(year) AS year,
       any_value(popularity)                                     AS popularity,
       count(*) FILTER (base_rank <= top)                        AS base_lists,
       count(*) FILTER (reranked <= top)                         AS reranked_lists,
       count(*) FILTER (rank <= top)                             AS published_lists,
       avg(base_rank) FILTER (base_rank <= top)                  AS base_place,
       avg(reranked) FILTER (reranked <= top)                    AS reranked_place,
       avg(rank) FILTER (rank <= top)                            AS published_place
FROM (
    SELECT ranked.*, coalesce(reranked_rank, rank) AS reranked, run.top
    FROM ranked_items AS ranked
    JOIN latest_run AS run USING (run_id)
)
GROUP BY run_id, item
