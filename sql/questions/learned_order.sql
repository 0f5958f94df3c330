-- What does the newest learned re-ranker go by? The strongest features first, with their sign.
SELECT cell.label, cell.dataset, cell.protocol, feature, round(weight, 3) AS weight, round(gain, 3) AS gain
FROM learned_weights AS learned
JOIN cells AS cell USING (run_id, cell)
WHERE run_id = (SELECT max(run_id) FROM learned_weights)
ORDER BY learned.cell, abs(weight) DESC
