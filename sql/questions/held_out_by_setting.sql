-- How did each combination of settings do on held-out ratings, over all seeds it was run with?
-- weights: estimate/similarity/popularity/date. c: candidates per user. sd: of `lists` over seeds.
WITH settled AS (
    SELECT run_id, dataset, model, reranker, users,
           concat_ws('/', config->>'$.weights.estimate', config->>'$.weights.similarity',
                     config->>'$.weights.popularity', config->>'$.weights.date_affinity') AS weights,
           coalesce(config->>'$.search_count', '-') AS c
    FROM runs
),
one_per_seed AS (
    SELECT dataset, model, reranker, weights, c, settled.users, metric || '@' || k AS metric, seed,
           any_value(value) FILTER (list = 'base')     AS base,
           any_value(value) FILTER (list = 'reranked') AS reranked
    FROM metrics
    JOIN settled USING (run_id)
    GROUP BY ALL
)
SELECT dataset, model, reranker, weights, c, users, metric, count(*) AS seeds,
       round(avg(base), 4) AS base, round(avg(reranked), 4) AS lists,
       round(stddev_samp(reranked), 4) AS sd
FROM one_per_seed
GROUP BY ALL
ORDER BY dataset, metric, lists DESC
