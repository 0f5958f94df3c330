-- Figures of others beside one run's, source by source.
SELECT * EXCLUDE run_id RENAME (ours AS mean)
FROM beside_published
WHERE run_id = $run_id
ORDER BY source, method, dataset, protocol,
         list_position(['NDCG', 'MAP', 'Precision', 'Recall', 'HR', 'cHR'], metric), metric, k
