-- The newest run of each experiment, in the order in which they were first run, with the command
-- that reproduces it, the metric that its grid names, those it wants beside it, what it was made with, and how many of its
-- steps were on disk already.
SELECT run.run_id, coalesce(run.config->>'$.name', 'experiment') AS name,
       coalesce(run.config->>'$.title', run.config->>'$.name', 'Experiment') AS title,
       coalesce(run.config->>'$.metric', 'NDCG') AS metric,
       coalesce((run.config->'$.beside')::VARCHAR[], []) AS beside,
       run.config->>'$.command' AS command, run.finished_at_utc, run.seconds, run.versions,
       count(stage.place) AS steps, count(stage.place) FILTER (stage.cached) AS cached
FROM (
    SELECT *, min(started_at_utc) OVER of_name AS first_started
    FROM runs
    WHERE flow = 'experiment'
    WINDOW of_name AS (PARTITION BY config->>'$.name')
    QUALIFY row_number() OVER (of_name ORDER BY finished_at_utc DESC, run_id DESC) = 1
) AS run
LEFT JOIN stages AS stage USING (run_id)
GROUP BY ALL
ORDER BY any_value(run.first_started), name
