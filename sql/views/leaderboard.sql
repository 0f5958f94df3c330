-- Every method that was measured, best first within data set and protocol; at k = 10, newest run.
-- A leaky method, and the oracle, see what they should not: they are bounds, not methods.
SELECT dataset, protocol, method, model, scorer, reranker, leaky OR reranker = 'oracle' AS cheats,
       external, candidates, max(seeds) AS seeds,
       max(mean) FILTER (metric = 'NDCG')            AS ndcg,
       max(low)  FILTER (metric = 'NDCG')            AS ndcg_low,
       max(high) FILTER (metric = 'NDCG')            AS ndcg_high,
       max(mean) FILTER (metric = 'HR')              AS hr,
       max(mean) FILTER (metric = 'cHR')             AS chr,
       max(mean) FILTER (metric = 'ARHR')            AS arhr,
       max(mean) FILTER (metric = 'MAP')             AS map,
       max(mean) FILTER (metric = 'Precision')       AS precision,
       max(mean) FILTER (metric = 'Recall')          AS recall,
       max(mean) FILTER (metric = 'NDCG liked')      AS ndcg_liked,
       max(mean) FILTER (metric = 'coverage')        AS coverage,
       max(mean) FILTER (metric = 'Gini')            AS gini,
       max(mean) FILTER (metric = 'novelty')         AS novelty,
       max(mean) FILTER (metric = 'diversity')       AS diversity,
       max(mean) FILTER (metric = 'popularity share') AS popularity_share
FROM (
    FROM (
        SELECT * REPLACE (
            CASE list WHEN 'base' THEN 'none' ELSE scorer END   AS scorer,
            CASE list WHEN 'base' THEN 'none' ELSE reranker END AS reranker,
            list <> 'base' AND leaky                            AS leaky
        )
        FROM figures
        WHERE k = 10 AND NOT (list = 'reranked' AND reranker = 'none')
    )
    QUALIFY row_number() OVER (
        PARTITION BY dataset, protocol, method, model, scorer, reranker, list, candidates, external,
                     leaky, metric
        ORDER BY finished_at_utc DESC, run_id DESC, cell
    ) = 1
)
GROUP BY ALL
ORDER BY dataset, protocol, ndcg DESC
