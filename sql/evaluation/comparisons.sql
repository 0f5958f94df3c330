-- Every comparison of one run, as `--json` gives them.
SELECT told.says, told.cell, told.list, told.against, told.against_list,
       cell.dataset, cell.protocol, cell.label, cell.model, other.label AS against_label,
       other.model AS against_model, told.metric, told.k, told.difference, told.low, told.high,
       told.p, told.p_holm, told.better, told.worse, told.users, told.seeds, told.verdict
FROM comparisons AS told
JOIN cells AS cell USING (run_id, cell)
JOIN cells AS other ON other.run_id = told.run_id AND other.cell = told.against
WHERE told.run_id = $run_id
ORDER BY told.says, told.cell, told.against, told.metric, told.k
