-- How did each combination of settings do on held-out ratings, over all seeds that nights ran with?
-- Of nights with the same settings, people and seed the newest counts.
-- weights: estimate/similarity/popularity/date. c: candidates per user. sd: of `lists` over seeds.
WITH settled AS (
    SELECT cells.run_id, cells.cell, dataset, model, reranker, first_seed,
           concat_ws('/', config->>'$.weights.estimate', config->>'$.weights.similarity',
                     config->>'$.weights.popularity', config->>'$.weights.date_affinity') AS weights,
           candidates AS c
    FROM cells
    WHERE run_id IN (SELECT run_id FROM runs WHERE flow = 'nightly')
),
one_per_seed AS (
    SELECT dataset, model, reranker, weights, c, figure.users, metric || '@' || k AS metric,
           first_seed,
           arg_max(mean, run_id) FILTER (list = 'base')     AS base,
           arg_max(mean, run_id) FILTER (list = 'reranked') AS reranked
    FROM cell_metrics AS figure
    JOIN settled USING (run_id, cell)
    WHERE k = 10 AND metric IN ('HR', 'NDCG')
    GROUP BY ALL
)
SELECT dataset, model, reranker, weights, c, users, metric, count(*) AS seeds,
       round(avg(base), 4) AS base, round(avg(reranked), 4) AS lists,
       round(stddev_samp(reranked), 4) AS sd
FROM one_per_seed
GROUP BY ALL
ORDER BY dataset, metric, lists DESC
