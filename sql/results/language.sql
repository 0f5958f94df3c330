-- What language adds to a run's other signals, and what popularity alone gives; by the metric that
-- its grid names, at k = 10. A row per comparison of two cells that differ only in whether the order
-- reads language: the weight of similarity, or the group of features. Beside it, of the same run,
-- split and base model: the base list and what the first of the two adds to it (over_...), language
-- alone, popularity alone (the same candidates by their train counts), the difference of these two
-- where the run compares them (alone_...), and the most popular items for everybody. Leaky methods
-- are left out.
WITH run AS (
    SELECT run_id, coalesce(config->>'$.metric', 'NDCG') AS headline
    FROM runs
    WHERE run_id = $run_id
), weighed AS (
    SELECT *, list_filter((config->'$.without')::VARCHAR[], lambda name: name <> 'language') AS gone,
           coalesce((config->'$.weights')::MAP(VARCHAR, DOUBLE), MAP {}) AS weights,
           coalesce(list_sum(map_values(weights)), 0) AS total,
           reranker IN ('weighted', 'rrf') AND total > 0 AS weighs
    FROM run
    JOIN cells USING (run_id)
    WHERE status = 'run' AND NOT leaky
), described AS (
    SELECT *, min(cell) OVER (PARTITION BY dataset, protocol) AS place,
           CASE WHEN reranker = 'none' THEN 'base' ELSE 'reranked' END AS list,
           scorer <> 'none'
               AND (reranker = 'llm_only' OR weighs AND weights['similarity'] = total) AS language,
           weighs AND weights['popularity'] = total AS popularity,
           reranker = 'none' AND model = 'popularity' AS most_popular,
           json_merge_patch(config, json_object(
               'scorer', '', 'weights', json_object('similarity', 0), 'without', gone
           )) AS but_for
    FROM weighed
), measured AS (
    SELECT described.*, figure.mean, base.mean AS base,
           {'mean': figure.mean, 'low': figure.low, 'high': figure.high} AS interval
    FROM described
    JOIN cell_metrics AS figure
      ON figure.run_id = described.run_id AND figure.cell = described.cell AND figure.list = described.list
    JOIN cell_metrics AS base
      ON base.run_id = described.run_id AND base.cell = described.cell AND base.list = 'base'
     AND base.metric = figure.metric AND base.k = figure.k
    WHERE figure.metric = headline AND figure.k = 10
), shown AS (
    SELECT comparison.* FROM run JOIN comparisons AS comparison USING (run_id)
    WHERE metric = headline AND k = 10
), between_cells AS (
    SELECT * FROM shown WHERE against_list = 'reranked'
), adds AS (
    SELECT mine.place, mine.dataset, mine.protocol, mine.model, mine.scorer, mine.base, between_cells.cell,
           mine.label AS with_label, mine.mean AS with_language,
           other.label AS without_label, other.mean AS without_language,
           between_cells.difference, between_cells.low, between_cells.high, between_cells.verdict,
           over.difference AS over_difference, over.low AS over_low, over.high AS over_high,
           over.verdict AS over_verdict
    FROM between_cells
    JOIN measured AS mine USING (cell)
    JOIN measured AS other ON other.cell = between_cells.against
    LEFT JOIN shown AS over ON over.cell = between_cells.cell AND over.against_list = 'base'
    WHERE mine.scorer <> 'none' AND other.scorer = 'none'
      AND mine.model = other.model AND mine.but_for = other.but_for
), alone AS (
    SELECT mine.dataset, mine.protocol, mine.model, mine.scorer,
           between_cells.difference AS alone_difference, between_cells.low AS alone_low, between_cells.high AS alone_high,
           between_cells.verdict AS alone_verdict
    FROM between_cells
    JOIN described AS mine USING (cell)
    JOIN described AS other ON other.cell = between_cells.against
    WHERE mine.language AND (other.popularity AND other.model = mine.model OR other.most_popular)
    QUALIFY row_number() OVER (
        PARTITION BY mine.dataset, mine.protocol, mine.model, mine.scorer
        ORDER BY other.most_popular, between_cells.cell, between_cells.against
    ) = 1
)
SELECT adds.*, alone.* EXCLUDE (dataset, protocol, model, scorer),
       (SELECT arg_min(interval, cell) FROM measured
        WHERE language AND dataset = adds.dataset AND protocol = adds.protocol
          AND model = adds.model AND scorer = adds.scorer) AS language_alone,
       (SELECT arg_min(interval, cell) FROM measured
        WHERE popularity AND dataset = adds.dataset AND protocol = adds.protocol
          AND model = adds.model) AS popularity_alone,
       (SELECT arg_min(interval, cell) FROM measured
        WHERE most_popular AND dataset = adds.dataset AND protocol = adds.protocol
       ) AS most_popular
FROM adds
LEFT JOIN alone USING (dataset, protocol, model, scorer)
ORDER BY place, cell, without_label
