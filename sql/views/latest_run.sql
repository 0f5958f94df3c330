-- The night that was published last.
SELECT * FROM runs WHERE flow = 'nightly' ORDER BY finished_at_utc DESC, run_id DESC LIMIT 1
