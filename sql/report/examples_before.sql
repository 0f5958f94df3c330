-- The same from a results file of a version before list_examples.
SELECT user, gain, item, title, year, base_rank, rank, held_out, NULL::VARCHAR AS reasons
FROM telling_lists
WHERE run_id = (SELECT coalesce(measured_in, run_id) FROM runs WHERE run_id = $run_id) AND cell = 0
ORDER BY gain DESC, try_cast(user AS BIGINT), user, rank
