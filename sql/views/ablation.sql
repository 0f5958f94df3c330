-- What the comparisons that grids declare show: one cell's lists minus another's, paired.
SELECT paired.run_id, run.config->>'$.name' AS experiment, paired.says, cell.dataset, cell.protocol,
       cell.model, cell.label AS method, other.label AS against, other.model AS against_model,
       paired.metric, paired.k, mine.mean, theirs.mean AS against_mean,
       paired.difference, paired.low, paired.high, paired.p, paired.p_holm, paired.better, paired.worse,
       paired.users, paired.seeds, paired.verdict
FROM comparisons AS paired
JOIN runs AS run USING (run_id)
JOIN cells AS cell USING (run_id, cell)
JOIN cells AS other ON other.run_id = paired.run_id AND other.cell = paired.against
JOIN cell_metrics AS mine
  ON mine.run_id = paired.run_id AND mine.cell = paired.cell AND mine.list = paired.list
 AND mine.metric = paired.metric AND mine.k = paired.k
JOIN cell_metrics AS theirs
  ON theirs.run_id = paired.run_id AND theirs.cell = paired.against
 AND theirs.list = paired.against_list AND theirs.metric = paired.metric AND theirs.k = paired.k
WHERE paired.against_list = 'reranked'
ORDER BY paired.run_id DESC, paired.says, cell.dataset, cell.protocol, paired.metric, paired.k
