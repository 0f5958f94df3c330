-- How the last run's method does on held-out ratings: base list against re-ranked list.
SELECT run_id, protocol, seed, metric, k,
       max(value) FILTER (list = 'base')              AS base,
       max(standard_error) FILTER (list = 'base')     AS base_standard_error,
       max(value) FILTER (list = 'reranked')          AS reranked,
       max(standard_error) FILTER (list = 'reranked') AS reranked_standard_error,
       max(metrics.users)                             AS users
FROM metrics
JOIN latest_run USING (run_id)
GROUP BY ALL
ORDER BY metric, k
