-- Every comparison of one run, as `--json` gives them.
SELECT paired.says, paired.cell, paired.list, paired.against, paired.against_list,
       cell.dataset, cell.protocol, cell.label, cell.model, other.label AS against_label,
       other.model AS against_model, paired.metric, paired.k, paired.difference, paired.low, paired.high,
       paired.p, paired.p_holm, paired.better, paired.worse, paired.users, paired.seeds, paired.verdict
FROM comparisons AS paired
JOIN cells AS cell USING (run_id, cell)
JOIN cells AS other ON other.run_id = paired.run_id AND other.cell = paired.against
WHERE paired.run_id = $run_id
ORDER BY paired.says, paired.cell, paired.against, paired.metric, paired.k
