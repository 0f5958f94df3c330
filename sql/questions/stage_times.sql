-- Where did the time of the last run go, and what was reused?
SELECT phase, stage, detail, part, cached, round(done.seconds, 2) AS seconds, rows
FROM (
    FROM stages
    UNION ALL BY NAME  -- files of earlier versions
    SELECT NULL::VARCHAR AS phase, NULL::VARCHAR AS detail WHERE false
) AS done
JOIN latest_run USING (run_id)
ORDER BY place
