-- Does language add anything? Every comparison that takes it away from a method, at 10 places.
SELECT experiment, dataset, protocol, model, method, against, metric,
       round(difference, 4) AS adds, round(low, 4) AS low, round(high, 4) AS high,
       round(p_holm, 4) AS p_holm, verdict
FROM ablation
WHERE k = 10 AND metric IN ('NDCG', 'NDCG liked')
  AND (says LIKE 'what language adds%' OR says LIKE 'what similarity adds%')
ORDER BY run_id DESC, dataset, protocol, model, metric
