-- What each comparison of one run shows by the metric that its grid names, at k = 10: by data set
-- and protocol, then by base model. beside: what it shows by the metrics that the grid wants beside
-- its own. A cell that re-ranks nothing stands for its base list; a tuned one goes by its label.
-- against_base: the cell whose base list, among the methods, is the one compared with.
SELECT mine.dataset, mine.protocol, paired.says, paired.against_list = 'base' AS over_base,
       mine.model, CASE WHEN mine.reranker = 'none' AND coalesce(json_array_length(mine.config->'$.tune'), 0) = 0
                        THEN 'base list' ELSE mine.label END AS method,
       mine.leaky OR mine.reranker = 'oracle' AS cheats,
       paired.against_list = 'reranked' AND (other.leaky OR other.reranker = 'oracle')
           AS against_cheats,
       other.model AS against_model,
       CASE WHEN paired.against_list = 'base' OR other.reranker = 'none'
                  AND coalesce(json_array_length(other.config->'$.tune'), 0) = 0
            THEN 'base list' ELSE other.label END AS against,
       paired.cell,
       CASE WHEN paired.against_list = 'base' OR other.reranker = 'none' THEN
            (SELECT min(cell) FROM cells AS same
             WHERE same.run_id = other.run_id AND same.dataset = other.dataset AND same.status = 'run'
               AND same.protocol = other.protocol AND same.model = other.model
               AND (same.config->>'$.model_options') IS NOT DISTINCT FROM (other.config->>'$.model_options')
               AND (same.config->>'$.tune') IS NOT DISTINCT FROM (other.config->>'$.tune')
               AND same.first_seed = other.first_seed AND same.seeds = other.seeds AND same.users = other.users)
            END AS against_base,
       ours.mean, theirs.mean AS against_mean, paired.difference, paired.low, paired.high, paired.p_holm,
       paired.better, paired.worse, paired.verdict,
       (SELECT list(more ORDER BY list_position((run.config->'$.beside')::VARCHAR[], more.metric))
        FROM comparisons AS more
        WHERE more.run_id = paired.run_id AND more.cell = paired.cell AND more.list = paired.list
          AND more.against = paired.against AND more.against_list = paired.against_list
          AND more.says = paired.says AND more.k = paired.k
          AND list_contains((run.config->'$.beside')::VARCHAR[], more.metric)) AS beside,
       min(paired.cell) OVER (PARTITION BY mine.dataset, mine.protocol) AS place,
       min(paired.cell) OVER (PARTITION BY mine.dataset, mine.protocol, mine.model) AS model_place
FROM comparisons AS paired
JOIN runs AS run USING (run_id)
JOIN cells AS mine USING (run_id, cell)
JOIN cells AS other ON other.run_id = paired.run_id AND other.cell = paired.against
JOIN cell_metrics AS ours
  ON ours.run_id = paired.run_id AND ours.cell = paired.cell AND ours.list = paired.list
 AND ours.metric = paired.metric AND ours.k = paired.k
JOIN cell_metrics AS theirs
  ON theirs.run_id = paired.run_id AND theirs.cell = paired.against
 AND theirs.list = paired.against_list AND theirs.metric = paired.metric AND theirs.k = paired.k
WHERE paired.run_id = $run_id AND paired.k = 10
  AND paired.metric = coalesce(run.config->>'$.metric', 'NDCG')
ORDER BY place, model_place, over_base, paired.cell, paired.says, paired.against
