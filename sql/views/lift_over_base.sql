-- What re-ranking changes, cell by cell: re-ranked minus base, paired by user and split.
SELECT told.run_id, told.cell, cell.dataset, cell.protocol, cell.label, cell.model, cell.scorer,
       cell.reranker, cell.leaky, told.metric, told.k, base.mean AS base, told.difference,
       told.difference / nullif(base.mean, 0) AS relative, told.low, told.high, told.p,
       told.p_holm, told.better, told.worse, told.users, told.seeds, told.verdict
FROM comparisons AS told
JOIN cells AS cell USING (run_id, cell)
JOIN cell_metrics AS base
  ON base.run_id = told.run_id AND base.cell = told.cell AND base.list = 'base'
 AND base.metric = told.metric AND base.k = told.k
WHERE told.against_list = 'base'
ORDER BY told.run_id DESC, told.cell, told.metric, told.k
