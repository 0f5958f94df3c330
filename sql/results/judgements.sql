-- The newest measurement of recorded judgements of each data set, in the order of their names.
SELECT run_id, dataset, finished_at_utc, config->>'$.title' AS title, config->>'$.command' AS command,
       (config->'$.notes')::VARCHAR[] AS notes
FROM runs
WHERE flow = 'judgements'
QUALIFY row_number() OVER (PARTITION BY dataset ORDER BY finished_at_utc DESC, run_id DESC) = 1
ORDER BY dataset
