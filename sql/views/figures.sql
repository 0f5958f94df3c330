-- One row per run, cell, list, metric and k: every figure with what it is of.
-- method: the cell's label, or 'base' and the model for a base list.
SELECT figure.run_id, run.finished_at_utc, run.config->>'$.name' AS experiment, figure.cell,
       cell.dataset, cell.protocol,
       CASE figure.list WHEN 'base' THEN 'base: ' || cell.model ELSE cell.label END AS method,
       cell.label, cell.model, cell.scorer, cell.reranker, cell.external, cell.leaky,
       cell.candidates, figure.list, figure.metric, figure.k,
       figure.mean, figure.sd, figure.low, figure.high, figure.seeds, figure.users
FROM cell_metrics AS figure
JOIN cells AS cell USING (run_id, cell)
JOIN runs AS run USING (run_id)
