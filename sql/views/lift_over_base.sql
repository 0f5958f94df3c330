-- What re-ranking changes, cell by cell: re-ranked minus base, paired by user and split.
SELECT paired.run_id, paired.cell, cell.dataset, cell.protocol, cell.label, cell.model, cell.scorer,
       cell.reranker, cell.leaky, paired.metric, paired.k, base.mean AS base, paired.difference,
       paired.difference / nullif(base.mean, 0) AS relative, paired.low, paired.high, paired.p,
       paired.p_holm, paired.better, paired.worse, paired.users, paired.seeds, paired.verdict
FROM comparisons AS paired
JOIN cells AS cell USING (run_id, cell)
JOIN cell_metrics AS base
  ON base.run_id = paired.run_id AND base.cell = paired.cell AND base.list = 'base'
 AND base.metric = paired.metric AND base.k = paired.k
WHERE paired.against_list = 'base'
ORDER BY paired.run_id DESC, paired.cell, paired.metric, paired.k
