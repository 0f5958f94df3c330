-- How the lists published before did on the ratings that arrived since.
SELECT segment, users, ratings, metric, k, base, reranked, difference, low, high, verdict
FROM guard
WHERE run_id = $run_id
ORDER BY segment <> 'everybody', segment, metric
