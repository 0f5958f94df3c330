-- The newest replay of each data set, in the order of their names: when it ran, how long its lists
-- are, and for how many days they were judged; null where the data set decided.
SELECT run.run_id, data.dataset, run.finished_at_utc, run.seconds,
       (run.config->>'$.top')::INTEGER AS top, (run.config->>'$.horizon')::INTEGER AS horizon,
       (run.config->>'$.replay.every')::INTEGER AS every
FROM runs AS run
JOIN (SELECT DISTINCT run_id, dataset FROM cells) AS data USING (run_id)
WHERE run.flow = 'replay'
QUALIFY row_number() OVER (
    PARTITION BY data.dataset ORDER BY run.finished_at_utc DESC, run.run_id DESC
) = 1
ORDER BY data.dataset
