-- Where did the time of the last run go, and what was reused?
SELECT stage, part, cached, round(stages.seconds, 2) AS seconds, rows
FROM stages
JOIN latest_run USING (run_id)
ORDER BY place
