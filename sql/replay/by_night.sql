-- One metric of every list on every night of a replay, the published ones first.
SELECT night + 1 AS night, strftime(moment, '%Y-%m-%d') AS day, list, cell, newcomers, people, value
FROM replayed_lists
WHERE run_id = $run_id AND metric = $metric
ORDER BY night, cell, list DESC
