-- One row per run, cell, metric and k: the base list's figure beside the re-ranked list's, and
-- what the comparison of the two says. What a base list alone has (RMSE) has no re-ranked figure.
SELECT base.run_id, base.cell, cell.protocol, base.metric, base.k,
       base.mean AS base, reranked.mean AS reranked,
       paired.difference, paired.low, paired.high, paired.p, paired.better, paired.worse, paired.verdict,
       base.users, cell.top
FROM cell_metrics AS base
JOIN cells AS cell USING (run_id, cell)
LEFT JOIN cell_metrics AS reranked
  ON reranked.run_id = base.run_id AND reranked.cell = base.cell
 AND reranked.metric = base.metric AND reranked.k = base.k AND reranked.list = 'reranked'
LEFT JOIN comparisons AS paired
  ON paired.run_id = base.run_id AND paired.cell = base.cell AND paired.against_list = 'base'
 AND paired.metric = base.metric AND paired.k = base.k
WHERE base.list = 'base'
