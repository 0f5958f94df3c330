-- Who got a worse list: re-ranked against base, and tonight against the night before?
-- By the NDCG of one held-out rating per person (another one where they rated since), so look at
-- many people, never at one; who lost most comes first. By later ratings: guard_verdicts.
SELECT tonight.user, tonight.metric || '@' || tonight.k AS metric,
       round(tonight.base, 3) AS base, round(tonight.reranked, 3) AS reranked,
       round(earlier.reranked, 3) AS night_before,
       round(tonight.reranked - tonight.base, 3) AS against_base,
       round(tonight.reranked - earlier.reranked, 3) AS against_night_before
FROM held_out_users AS tonight
JOIN nights AS night ON night.run_id = tonight.run_id
JOIN latest_run AS run ON run.run_id = tonight.run_id
LEFT JOIN held_out_users AS earlier
  ON earlier.run_id = night.before AND earlier.user = tonight.user
 AND earlier.metric = tonight.metric AND earlier.k = tonight.k
WHERE tonight.metric = 'NDCG'
  AND (tonight.reranked < tonight.base OR tonight.reranked < earlier.reranked)
ORDER BY least(tonight.reranked - tonight.base,
               coalesce(tonight.reranked - earlier.reranked, 0)), tonight.user
