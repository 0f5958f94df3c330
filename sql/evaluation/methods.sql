-- A run's methods for people, best first within data set and protocol; at k = 10.
SELECT dataset, protocol, method, model, scorer, max(seeds) AS seeds,
       max(mean) FILTER (metric = 'NDCG')      AS "NDCG@10",
       max(low)  FILTER (metric = 'NDCG')      AS low,
       max(high) FILTER (metric = 'NDCG')      AS high,
       max(mean) FILTER (metric = 'HR')        AS "HR@10",
       max(mean) FILTER (metric = 'cHR')       AS "cHR@10",
       max(mean) FILTER (metric = 'MAP')       AS "MAP@10",
       max(mean) FILTER (metric = 'Precision') AS "P@10",
       max(mean) FILTER (metric = 'Recall')    AS "R@10",
       max(mean) FILTER (metric = 'diversity') AS "diversity@10"
FROM (
    SELECT DISTINCT ON (dataset, protocol, method, model, scorer, metric)
           * REPLACE (CASE list WHEN 'base' THEN 'none' ELSE scorer END AS scorer)
    FROM figures
    WHERE run_id = $run_id AND k = 10 AND NOT (list = 'reranked' AND reranker = 'none')
    ORDER BY cell
)
GROUP BY ALL
ORDER BY dataset, protocol, "NDCG@10" DESC
