-- The newest measurement of tastes in words of each data set, in the order of their names.
SELECT run_id, dataset, finished_at_utc, config->>'$.method_name' AS method
FROM runs
WHERE flow = 'wishes'
QUALIFY row_number() OVER (PARTITION BY dataset ORDER BY finished_at_utc DESC, run_id DESC) = 1
ORDER BY dataset
