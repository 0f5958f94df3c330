-- The run that was published last.
SELECT * FROM runs ORDER BY finished_at_utc DESC, run_id DESC LIMIT 1
