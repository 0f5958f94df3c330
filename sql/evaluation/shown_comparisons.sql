-- What a run's comparisons show, for people; by the metrics that its grid names, at k = 10.
SELECT told.says, cell.dataset, cell.protocol, cell.model, cell.label AS method, told.metric,
       CASE told.against_list WHEN 'base' THEN 'base' ELSE other.label END AS against,
       told.difference, told.low, told.high, told.p_holm, told.worse AS share_worse, told.verdict
FROM comparisons AS told
JOIN runs AS run USING (run_id)
JOIN cells AS cell USING (run_id, cell)
JOIN cells AS other ON other.run_id = told.run_id AND other.cell = told.against
WHERE told.run_id = $run_id AND told.k = 10
  AND (told.metric = coalesce(run.config->>'$.metric', 'NDCG')
       OR list_contains((run.config->'$.beside')::VARCHAR[], told.metric))
ORDER BY told.says, cell.dataset, cell.protocol, told.cell, told.against, told.metric
