-- What re-ranking gives on held-out ratings, metric by metric. A night that fitted nothing anew goes
-- by the figures of the run that measured its method.
SELECT protocol, metric, k, base, reranked, difference, low, high, better, worse, verdict, users
FROM both_lists
WHERE run_id = (SELECT coalesce(measured_in, run_id) FROM runs WHERE run_id = $run_id) AND cell = 0 AND k IN (1, 5, 10)
ORDER BY metric, k
