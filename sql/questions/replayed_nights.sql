-- How did each kind of list do on each night of the last replay, by what people then rated well?
SELECT night + 1 AS night, strftime(moment, '%Y-%m-%d') AS day, list, people, round(value, 4) AS "NDCG liked"
FROM replayed_lists
WHERE metric = 'NDCG liked'
  AND run_id = (SELECT run_id FROM runs WHERE flow = 'replay' ORDER BY finished_at_utc DESC, run_id DESC LIMIT 1)
ORDER BY night, newcomers, cell, list DESC
