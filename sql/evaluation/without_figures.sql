-- The cells of one run that gave nothing, and why.
SELECT cell, label, dataset, protocol, model, status, note
FROM cells
WHERE run_id = $run_id AND status <> 'run'
ORDER BY cell
