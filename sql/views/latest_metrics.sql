-- How the last night's method does on held-out ratings: base list against re-ranked list. run_id is
-- the run that measured it: nights that fit nothing anew measure nothing.
SELECT both_lists.run_id, protocol, metric, k, base, reranked, difference, low, high, p, verdict,
       both_lists.users
FROM both_lists
JOIN latest_run ON both_lists.run_id = coalesce(latest_run.measured_in, latest_run.run_id)
ORDER BY metric, k
