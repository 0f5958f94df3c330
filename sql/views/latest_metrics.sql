-- How the last night's method does on held-out ratings: base list against re-ranked list.
SELECT base.run_id, base.protocol, base.metric, base.k,
       base.mean AS base, reranked.mean AS reranked,
       told.difference, told.low, told.high, told.p, told.verdict, base.users
FROM figures AS base
JOIN latest_run USING (run_id)
JOIN figures AS reranked
  ON reranked.run_id = base.run_id AND reranked.cell = base.cell
 AND reranked.metric = base.metric AND reranked.k = base.k AND reranked.list = 'reranked'
LEFT JOIN comparisons AS told
  ON told.run_id = base.run_id AND told.cell = base.cell AND told.against_list = 'base'
 AND told.metric = base.metric AND told.k = base.k
WHERE base.list = 'base'
ORDER BY base.metric, base.k
