-- What each method of one run gave at k = 10, best first within data set and protocol by the metric
-- that its grid names (mean, sd, low, high). A base list that several cells share stands once.
--   method  the label, and what sets it apart from another cell of this label and model
--   later   whether the order may rest on ratings and votes that were collected later
--   cheats  whether it may rest on held-out ratings
--   random  whether it orders the candidates at random
--   beside  the figures of the metrics that the grid wants beside its own, in their order
--   worse   share of users whose list is worse than the base list, by that metric
WITH run AS (
    SELECT run_id, coalesce(config->>'$.metric', 'NDCG') AS headline,
           coalesce((config->'$.beside')::VARCHAR[], []) AS wanted
    FROM runs
    WHERE run_id = $run_id
), measured AS (
    SELECT cell.*, run.headline, run.wanted, figure.list, figure.metric, figure.mean, figure.sd, figure.low,
           figure.high, min(cell.cell) OVER (PARTITION BY cell.dataset, cell.protocol) AS place
    FROM run
    JOIN cells AS cell USING (run_id)
    JOIN cell_metrics AS figure USING (run_id, cell)
    WHERE figure.k = 10 AND NOT (figure.list = 'reranked' AND cell.reranker = 'none')
    QUALIFY figure.list = 'reranked' OR row_number() OVER (
        PARTITION BY cell.dataset, cell.protocol, cell.model, cell.config->>'$.model_options',
                     cell.config->>'$.tune',
                     cell.first_seed, cell.seeds, cell.users, figure.list, figure.metric
        ORDER BY cell.cell
    ) = 1
), methods AS (
    SELECT run_id, cell, place, headline, wanted, dataset, protocol, list, list = 'base' AS is_base, model,
           CASE WHEN list <> 'base' THEN label
                ELSE concat_ws(', ', 'base list', model_options,
                               CASE WHEN coalesce(json_array_length(config->'$.tune'), 0) > 0
                                    THEN 'tuned' END) END AS label,
           CASE list WHEN 'base' THEN 'none' ELSE scorer END     AS scorer,
           candidates, first_seed, seeds, users, skipped,
           list = 'reranked' AND external AND coalesce(
               scorer LIKE 'llm%'
               OR reranker = 'learned'
                   AND NOT list_contains((config->'$.without')::VARCHAR[], 'external')
               OR reranker IN ('weighted', 'rrf') AND 0 < greatest(
                   (config->>'$.weights.external_quality')::DOUBLE,
                   (config->>'$.weights.external_votes')::DOUBLE),
               false
           ) AS later,
           list = 'reranked' AND (leaky OR reranker = 'oracle') AS cheats,
           list = 'reranked' AND reranker = 'random' AS random,
           max(mean) FILTER (metric = headline)     AS mean,
           max(low)  FILTER (metric = headline)     AS low,
           max(high) FILTER (metric = headline)     AS high,
           max(sd)   FILTER (metric = headline)     AS sd,
           max(mean) FILTER (metric = 'NDCG')       AS ndcg,
           max(mean) FILTER (metric = 'NDCG liked') AS ndcg_liked,
           max(mean) FILTER (metric = 'HR')         AS hr,
           max(mean) FILTER (metric = 'cHR')        AS chr,
           max(mean) FILTER (metric = 'MAP')        AS map,
           max(mean) FILTER (metric = 'Precision')  AS precision,
           max(mean) FILTER (metric = 'Recall')     AS recall,
           max(mean) FILTER (metric = 'coverage')   AS coverage,
           map_from_entries(list((metric, {'mean': mean, 'low': low, 'high': high}))) AS every
    FROM measured
    GROUP BY ALL
), named AS (
    SELECT *,
           label
           || CASE WHEN min(scorer) OVER alike < max(scorer) OVER alike
                   THEN ', ' || scorer ELSE '' END
           || CASE WHEN min(candidates) OVER alike < max(candidates) OVER alike
                   THEN ', C = ' || candidates ELSE '' END
           || CASE WHEN min(seeds) OVER alike < max(seeds) OVER alike
                   THEN ', ' || seeds || ' seeds' ELSE '' END AS name
    FROM methods
    WINDOW alike AS (PARTITION BY dataset, protocol, label, model)
)
SELECT method.* EXCLUDE (run_id, list, label, name, headline, wanted, every),
       list_transform(wanted, lambda metric: every[metric]) AS beside,
       CASE WHEN count(*) OVER (PARTITION BY dataset, protocol, name, model) = 1 THEN name
            ELSE name || ', cell ' || method.cell END AS method,
       paired.worse
FROM named AS method
LEFT JOIN comparisons AS paired
  ON paired.run_id = method.run_id AND paired.cell = method.cell AND paired.list = method.list
 AND paired.against_list = 'base' AND paired.metric = headline AND paired.k = 10
ORDER BY place, mean DESC NULLS LAST, method, model, method.cell
