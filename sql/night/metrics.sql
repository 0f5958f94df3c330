-- How one run's method does on held-out ratings, as the nightly command shows it. A night that fitted
-- nothing anew goes by the figures of the run that measured its method.
SELECT metric || '@' || k AS metric, base, reranked, difference, low, high, verdict, both_lists.users
FROM both_lists
JOIN runs AS night ON both_lists.run_id = coalesce(night.measured_in, night.run_id)
WHERE night.run_id = $run_id AND k = 10 AND metric IN ('HR', 'NDCG')
ORDER BY metric
