-- What each comparison of one run shows by the metric that its grid names, at k = 10: by data set
-- and protocol, then by base model. beside: what it shows by the metrics that the grid wants beside
-- its own. A cell that re-ranks nothing stands for its base list; a tuned one goes by its label.
SELECT mine.dataset, mine.protocol, told.says, told.against_list = 'base' AS over_base,
       mine.model, CASE WHEN mine.reranker = 'none' AND coalesce(json_array_length(mine.config->'$.tune'), 0) = 0
                        THEN 'base list' ELSE mine.label END AS method,
       mine.leaky OR mine.reranker = 'oracle' AS cheats,
       told.against_list = 'reranked' AND (other.leaky OR other.reranker = 'oracle')
           AS against_cheats,
       other.model AS against_model,
       CASE WHEN told.against_list = 'base' OR other.reranker = 'none'
                  AND coalesce(json_array_length(other.config->'$.tune'), 0) = 0
            THEN 'base list' ELSE other.label END AS against,
       ours.mean, theirs.mean AS against_mean, told.difference, told.low, told.high, told.p_holm,
       told.better, told.worse, told.verdict,
       (SELECT list(more ORDER BY list_position((run.config->'$.beside')::VARCHAR[], more.metric))
        FROM comparisons AS more
        WHERE more.run_id = told.run_id AND more.cell = told.cell AND more.list = told.list
          AND more.against = told.against AND more.against_list = told.against_list
          AND more.says = told.says AND more.k = told.k
          AND list_contains((run.config->'$.beside')::VARCHAR[], more.metric)) AS beside,
       min(told.cell) OVER (PARTITION BY mine.dataset, mine.protocol) AS place,
       min(told.cell) OVER (PARTITION BY mine.dataset, mine.protocol, mine.model) AS model_place
FROM comparisons AS told
JOIN runs AS run USING (run_id)
JOIN cells AS mine USING (run_id, cell)
JOIN cells AS other ON other.run_id = told.run_id AND other.cell = told.against
JOIN cell_metrics AS ours
  ON ours.run_id = told.run_id AND ours.cell = told.cell AND ours.list = told.list
 AND ours.metric = told.metric AND ours.k = told.k
JOIN cell_metrics AS theirs
  ON theirs.run_id = told.run_id AND theirs.cell = told.against
 AND theirs.list = told.against_list AND theirs.metric = told.metric AND theirs.k = told.k
WHERE told.run_id = $run_id AND told.k = 10
  AND told.metric = coalesce(run.config->>'$.metric', 'NDCG')
ORDER BY place, model_place, over_base, told.cell, told.says, told.against
