-- How one run's method does on held-out ratings, as the nightly command shows it.
SELECT base.metric || '@' || base.k AS metric, base.mean AS base, reranked.mean AS reranked,
       told.difference, told.low, told.high, told.verdict, base.users
FROM figures AS base
JOIN figures AS reranked
  ON reranked.run_id = base.run_id AND reranked.cell = base.cell
 AND reranked.metric = base.metric AND reranked.k = base.k AND reranked.list = 'reranked'
LEFT JOIN comparisons AS told
  ON told.run_id = base.run_id AND told.cell = base.cell AND told.against_list = 'base'
 AND told.metric = base.metric AND told.k = base.k
WHERE base.run_id = $run_id AND base.list = 'base' AND base.k = 10
  AND base.metric IN ('HR', 'NDCG')
ORDER BY base.metric
