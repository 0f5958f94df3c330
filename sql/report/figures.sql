-- What re-ranking gives on a night's held-out ratings, metric by metric.
SELECT protocol, metric, k, base, reranked, difference, low, high, better, worse, verdict, users
FROM both_lists
WHERE run_id = $run_id AND cell = 0 AND k IN (1, 5, 10)
ORDER BY metric, k
