-- Which rows of the data set did the last run leave out or change, and why?
SELECT reason, rows
FROM dropped
JOIN latest_run USING (run_id)
ORDER BY rows DESC
