-- The base and the published list of the first users of a night, with the why of each item.
-- before: where the item stood in the list published the night before ($before), if it did.
WITH first AS (
    SELECT DISTINCT listed.user, try_cast(listed.user AS BIGINT) AS number
    FROM ranked_items AS listed
    WHERE run_id = $run_id
    ORDER BY number, listed.user
    LIMIT $users
), earlier AS (
    SELECT ranked.user, ranked.item, ranked.rank
    FROM ranked_items AS ranked
    JOIN runs AS run USING (run_id)
    WHERE run_id = $before AND ranked.rank <= run.top
), ranked AS (
    FROM ranked_items WHERE run_id = $run_id
    UNION ALL BY NAME  -- files of earlier versions
    SELECT NULL::VARCHAR AS reasons, NULL::VARCHAR AS genres WHERE false
)
SELECT ranked.user, ranked.item, ranked.title, ranked.year, ranked.genres, ranked.base_rank, ranked.rank,
       coalesce(ranked.reranked_rank, ranked.rank) AS reranked_rank,
       ranked.estimate, ranked.similarity, ranked.popularity, ranked.date_affinity, ranked.score,
       ranked.listed_in, ranked.reasons, ranked.why, earlier.rank AS before
FROM ranked
JOIN first USING (user)
LEFT JOIN earlier ON earlier.user = ranked.user AND earlier.item = ranked.item
ORDER BY first.number, ranked.user, ranked.rank
