-- How well each order alone sorts the heads of the people on whom judging was measured, hits from misses.
SELECT list, max(users) AS people,
       max(value) FILTER (metric = 'NDCG@10') AS ndcg, max(low) FILTER (metric = 'NDCG@10') AS ndcg_low,
       max(high) FILTER (metric = 'NDCG@10') AS ndcg_high,
       max(value) FILTER (metric = 'AUC') AS auc, max(low) FILTER (metric = 'AUC') AS auc_low,
       max(high) FILTER (metric = 'AUC') AS auc_high
FROM judgements
WHERE run_id = $run_id AND against IS NULL
GROUP BY list
ORDER BY min(place)
