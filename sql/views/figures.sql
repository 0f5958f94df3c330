-- One row per run, cell, list, metric and k: every figure with what it is of.
-- method: the cell's label, or 'base' and the model for a base list, with the options that are not
-- its usual ones, and whether it was tuned.
SELECT figure.run_id, run.finished_at_utc, run.config->>'$.name' AS experiment, figure.cell,
       cell.dataset, cell.protocol,
       CASE WHEN figure.list <> 'base' THEN cell.label
            ELSE concat_ws(', ', 'base: ' || cell.model, cell.model_options,
                           CASE WHEN json_array_length(cell.config->'$.tune') > 0 THEN 'tuned' END)
            END AS method,
       cell.label, cell.model, cell.scorer, cell.reranker, cell.external, cell.leaky,
       cell.candidates, figure.list, figure.metric, figure.k,
       figure.mean, figure.sd, figure.low, figure.high, figure.seeds, figure.users
FROM cell_metrics AS figure
JOIN cells AS cell USING (run_id, cell)
JOIN runs AS run USING (run_id)
