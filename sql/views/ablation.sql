-- What the comparisons that grids declare show: one cell's lists minus another's, paired.
SELECT told.run_id, run.config->>'$.name' AS experiment, told.says, cell.dataset, cell.protocol,
       cell.model, cell.label AS method, other.label AS against, other.model AS against_model,
       told.metric, told.k, mine.mean, theirs.mean AS against_mean,
       told.difference, told.low, told.high, told.p, told.p_holm, told.better, told.worse,
       told.users, told.seeds, told.verdict
FROM comparisons AS told
JOIN runs AS run USING (run_id)
JOIN cells AS cell USING (run_id, cell)
JOIN cells AS other ON other.run_id = told.run_id AND other.cell = told.against
JOIN cell_metrics AS mine
  ON mine.run_id = told.run_id AND mine.cell = told.cell AND mine.list = told.list
 AND mine.metric = told.metric AND mine.k = told.k
JOIN cell_metrics AS theirs
  ON theirs.run_id = told.run_id AND theirs.cell = told.against
 AND theirs.list = told.against_list AND theirs.metric = told.metric AND theirs.k = told.k
WHERE told.against_list = 'reranked'
ORDER BY told.run_id DESC, told.says, cell.dataset, cell.protocol, told.metric, told.k
