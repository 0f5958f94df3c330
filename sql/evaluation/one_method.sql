-- One cell's figures for people, at the length of its lists: base against re-ranked.
SELECT base.metric || CASE WHEN base.k > 0 THEN '@' || base.k ELSE '' END AS metric,
       base.mean AS base, reranked.mean AS reranked, told.difference, told.low, told.high, told.p,
       told.worse AS share_worse, coalesce(told.verdict, '') AS verdict
FROM cell_metrics AS base
JOIN cells AS cell USING (run_id, cell)
LEFT JOIN cell_metrics AS reranked
  ON reranked.run_id = base.run_id AND reranked.cell = base.cell
 AND reranked.metric = base.metric AND reranked.k = base.k AND reranked.list = 'reranked'
LEFT JOIN comparisons AS told
  ON told.run_id = base.run_id AND told.cell = base.cell AND told.against_list = 'base'
 AND told.metric = base.metric AND told.k = base.k
WHERE base.run_id = $run_id AND base.cell = 0 AND base.list = 'base'
  AND (base.k IN (0, cell.top) OR base.metric = 'candidate recall')
ORDER BY list_position(['NDCG', 'HR', 'cHR', 'ARHR', 'MAP', 'MAP/n', 'Precision', 'Recall'],
                       base.metric) NULLS LAST,
         ends_with(base.metric, ' liked') DESC, base.metric, base.k
