-- What a run's comparisons show, for people; by the metrics that its grid names, at k = 10.
SELECT paired.says, cell.dataset, cell.protocol, cell.model, cell.label AS method, paired.metric,
       CASE paired.against_list WHEN 'base' THEN 'base' ELSE other.label END AS against,
       paired.difference, paired.low, paired.high, paired.p_holm, paired.worse AS share_worse, paired.verdict
FROM comparisons AS paired
JOIN runs AS run USING (run_id)
JOIN cells AS cell USING (run_id, cell)
JOIN cells AS other ON other.run_id = paired.run_id AND other.cell = paired.against
WHERE paired.run_id = $run_id AND paired.k = 10
  AND (paired.metric = coalesce(run.config->>'$.metric', 'NDCG')
       OR list_contains((run.config->'$.beside')::VARCHAR[], paired.metric))
ORDER BY paired.says, cell.dataset, cell.protocol, paired.cell, paired.against, paired.metric
