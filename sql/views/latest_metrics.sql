-- How the last night's method does on held-out ratings: base list against re-ranked list.
SELECT run_id, protocol, metric, k, base, reranked, difference, low, high, p, verdict,
       both_lists.users
FROM both_lists
JOIN (SELECT run_id FROM latest_run) USING (run_id)
ORDER BY metric, k
