-- The top of the first few users' lists of one run, as the nightly command shows it.
SELECT ranked.user, rank, title || coalesce(' (' || year || ')', '') AS title,
       round(estimate, 2) AS estimate, round(similarity, 2) AS similarity, round(score, 2) AS score,
       reasons, why
FROM ranked_items AS ranked
JOIN (
    SELECT DISTINCT listed.user FROM ranked_items AS listed WHERE run_id = $run_id
    ORDER BY try_cast(listed.user AS BIGINT), listed.user LIMIT $users
) AS first USING (user)
WHERE run_id = $run_id AND rank <= $items
ORDER BY try_cast(ranked.user AS BIGINT), ranked.user, rank
