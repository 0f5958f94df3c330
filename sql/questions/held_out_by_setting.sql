-- How did each combination of settings do on held-out ratings, over all seeds it was run with?
-- sd is over seeds; for one seed it is null. Settings that do not change the lists are left out.
WITH one_per_seed AS (
    SELECT DISTINCT ON (runs.dataset, runs.model, runs.reranker, weights, candidates_per_user,
                        users, metric, k, list, metrics.seed)
           runs.dataset, runs.model, runs.reranker,
           json_extract_string(config, '$.weights') AS weights,
           coalesce(json_extract_string(config, '$.search_count'), 'default') AS candidates_per_user,
           metrics.users, metric, k, list, metrics.seed, value
    FROM metrics
    JOIN runs USING (run_id)
)
SELECT dataset, model, reranker, weights, candidates_per_user, users, metric, k,
       count(DISTINCT seed) AS seeds,
       round(avg(value) FILTER (list = 'base'), 4)            AS base,
       round(avg(value) FILTER (list = 'reranked'), 4)        AS reranked,
       round(stddev_samp(value) FILTER (list = 'reranked'), 4) AS sd
FROM one_per_seed
GROUP BY ALL
ORDER BY dataset, metric, k, reranked DESC
