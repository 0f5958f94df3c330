-- The newest night of each data set, model and way of asking that measured what judging heads adds: what it showed, and
-- what each score took (tokens, seconds until its answer); null where it had every answer already.
WITH taken AS (
    SELECT run_id, any_value(kind) AS kind, sum(pairs)::BIGINT AS pairs, sum(pairs) / count(*) AS per_request,
           sum(tokens_in) / sum(pairs) AS read, sum(tokens_cached) / sum(pairs) AS cached,
           sum(tokens_out) / sum(pairs) AS written, sum(latency_seconds) / sum(pairs) AS seconds
    FROM llm_requests
    WHERE kind IN ('score', 'mark', 'rate') AND outcome = 'answered'
    GROUP BY run_id
)
SELECT run.run_id, run.dataset, run.finished_at_utc, run.config->>'$.llm_model' AS model,
       CASE taken.kind WHEN 'rate' THEN 'ratings' WHEN 'mark' THEN 'probability' WHEN 'score' THEN 'numbers'
                       ELSE run.config->>'$.llm_ask' END AS way,
       (run.config->>'$.llm_head')::INTEGER AS head, (run.config->'$.llm_show')::VARCHAR[] AS shown,
       taken.* EXCLUDE (run_id, kind)
FROM runs AS run
LEFT JOIN taken USING (run_id)
WHERE run.flow = 'nightly' AND run.run_id IN (SELECT run_id FROM judgements)
QUALIFY row_number() OVER (PARTITION BY run.dataset, model, way ORDER BY run.finished_at_utc DESC, run.run_id DESC) = 1
ORDER BY run.dataset, model, way
