-- Figures of others beside one run's, as the experiment command shows them.
SELECT * EXCLUDE (run_id, inside)
FROM beside_published
WHERE run_id = $run_id
ORDER BY dataset, protocol, metric, k, method
