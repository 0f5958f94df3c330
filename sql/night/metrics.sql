-- How one run's method does on held-out ratings, as the nightly command shows it.
SELECT metric || '@' || k AS metric,
       max(value) FILTER (list = 'base') AS base, max(value) FILTER (list = 'reranked') AS reranked,
       round(max(standard_error) FILTER (list = 'reranked'), 4) AS standard_error,
       max(users) AS users
FROM metrics
WHERE run_id = $run_id
GROUP BY metric, k
ORDER BY metric, k
