-- How one run's method does on held-out ratings, as the nightly command shows it.
SELECT metric || '@' || k AS metric, base, reranked, difference, low, high, verdict, users
FROM both_lists
WHERE run_id = $run_id AND k = 10 AND metric IN ('HR', 'NDCG')
ORDER BY metric
