-- What one measurement of recorded judgements gave: a row per list and metric, then per comparison.
SELECT * EXCLUDE run_id RENAME (value AS mean)
FROM judgements
WHERE run_id = $run_id
ORDER BY list_position(['orders', 'ratings', 'profiles'], part), place
