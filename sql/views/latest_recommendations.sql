-- The newest lists of each data set: what its last night recommends, best first. Null are signals that the order does
-- not read, a similarity that could not be had, the date affinity where a year is unknown, and `why`
-- (the language model's sentence) but for nights that explain.
SELECT ranked.run_id, ranked.user, ranked.rank, ranked.item, ranked.title,
       ranked.estimate, ranked.similarity, ranked.score,
       ranked.year, ranked.popularity, ranked.date_affinity, ranked.base_rank,
       ranked.reasons, ranked.why,
       run.dataset, run.model, run.scorer, run.reranker
FROM ranked_items AS ranked
JOIN (
    SELECT * FROM runs WHERE flow = 'nightly'
    QUALIFY row_number() OVER (PARTITION BY dataset ORDER BY finished_at_utc DESC, run_id DESC) = 1
) AS run USING (run_id)
WHERE ranked.rank <= run.top
ORDER BY run.dataset, ranked.user, ranked.rank
