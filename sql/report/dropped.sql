-- Rows of the data set that a night left out or changed, and why.
SELECT reason, rows
FROM dropped
WHERE run_id = $run_id
ORDER BY rows DESC, reason
