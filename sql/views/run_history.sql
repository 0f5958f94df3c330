-- One row per run, newest first: what ran, for how long, how much was reused, and how it did.
-- The figures are those of the run's first cell: a night has no other.
SELECT run.run_id, run.flow, run.finished_at_utc, run.seconds, run.dataset, run.model,
       run.scorer, run.reranker, run.users, run.users_listed, run.candidates, run.unscored,
       run.status, run.note,
       tasks.cached_tasks, tasks.tasks,
       quality.base_hr_10, quality.hr_10, quality.base_ndcg_10, quality.ndcg_10
FROM runs AS run
LEFT JOIN (
    SELECT run_id, count(*) AS tasks, count(*) FILTER (cached) AS cached_tasks
    FROM stages GROUP BY run_id
) AS tasks USING (run_id)
LEFT JOIN (
    SELECT run_id,
           max(mean) FILTER (metric = 'HR' AND list = 'base')       AS base_hr_10,
           max(mean) FILTER (metric = 'HR' AND list = 'reranked')   AS hr_10,
           max(mean) FILTER (metric = 'NDCG' AND list = 'base')     AS base_ndcg_10,
           max(mean) FILTER (metric = 'NDCG' AND list = 'reranked') AS ndcg_10
    FROM cell_metrics WHERE k = 10 AND cell = 0 GROUP BY run_id
) AS quality ON quality.run_id = coalesce(run.measured_in, run.run_id)
ORDER BY run.finished_at_utc DESC, run.run_id DESC
