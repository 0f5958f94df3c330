-- What one measurement of recorded judgements gave: a row per list and metric, then per comparison.
SELECT part, list, against, metric, round(value, 4) AS value, round(low, 4) AS low, round(high, 4) AS high,
       verdict, users
FROM judgements
WHERE run_id = $run_id
ORDER BY list_position(['orders', 'ratings', 'profiles'], part), place
