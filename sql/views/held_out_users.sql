-- One row per night, person and metric: what their held-out rating says of their base list and of
-- their re-ranked list, at the lists' length. Only people who were measured.
SELECT run_id, user, metric, k,
       avg(value) FILTER (list = 'base')     AS base,
       avg(value) FILTER (list = 'reranked') AS reranked
FROM user_metrics
JOIN (SELECT run_id FROM runs WHERE flow = 'nightly') USING (run_id)
WHERE cell = 0
GROUP BY run_id, user, metric, k
