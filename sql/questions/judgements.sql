-- What did recorded judgements of others add to the learned order, in the last measurement?
SELECT part, judge, list, against, metric, round(value, 4) AS value, round(low, 4) AS low,
       round(high, 4) AS high, verdict, users
FROM judgements
WHERE run_id = (SELECT run_id FROM runs WHERE flow = 'judgements' ORDER BY finished_at_utc DESC, run_id DESC LIMIT 1)
ORDER BY part, place
