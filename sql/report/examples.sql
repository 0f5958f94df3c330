-- Both lists of the users whom re-ranking helped most and harmed most on held-out ratings.
SELECT user, gain, item, title, year, base_rank, rank, held_out, reasons
FROM list_examples
WHERE run_id = (SELECT coalesce(measured_in, run_id) FROM runs WHERE run_id = $run_id) AND cell = 0
  AND gain <> 0
QUALIFY dense_rank() OVER (PARTITION BY gain > 0 ORDER BY abs(gain) DESC, try_cast(user AS BIGINT), user) <= 10
ORDER BY gain DESC, try_cast(user AS BIGINT), user, rank
