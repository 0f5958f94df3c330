-- Both lists of the users whom re-ranking helped most and harmed most on held-out ratings.
SELECT user, gain, item, title, year, base_rank, rank, held_out,
       estimate, similarity, popularity, date_affinity, score
FROM telling_lists
WHERE run_id = (SELECT coalesce(measured_in, run_id) FROM runs WHERE run_id = $run_id) AND cell = 0
ORDER BY gain DESC, try_cast(user AS BIGINT), user, rank
