-- Who got a worse list when lists were last measured: against base, and against the time before?
-- By the NDCG of one held-out rating per person (another one where they rated since), so look at
-- many people, never at one; who lost most comes first. By later ratings: guard_verdicts.
-- measured_in: the run that measured, days_ago as of the last night's end; nights that fit nothing
-- anew measure nothing. before: in before_in, the measurement before it on the same data set.
WITH measured AS (
    SELECT made.run_id, made.dataset, made.finished_at_utc,
           (epoch(night.finished_at_utc) - epoch(made.finished_at_utc)) / 86400 AS days_ago
    FROM latest_run AS night
    JOIN runs AS made ON made.run_id = coalesce(night.measured_in, night.run_id)
),
before AS (
    SELECT nights.run_id
    FROM nights
    JOIN measured USING (dataset)
    WHERE nights.finished_at_utc < measured.finished_at_utc
      AND nights.run_id IN (SELECT run_id FROM user_metrics WHERE cell = 0)
    ORDER BY nights.finished_at_utc DESC, nights.run_id DESC
    LIMIT 1
),
earlier AS (SELECT held_out_users.* FROM held_out_users JOIN before USING (run_id))
SELECT last.user, last.metric || '@' || last.k AS metric,
       round(last.base, 3) AS base, round(last.reranked, 3) AS reranked,
       round(earlier.reranked, 3) AS before,
       round(last.reranked - last.base, 3) AS against_base,
       round(last.reranked - earlier.reranked, 3) AS against_before,
       last.run_id AS measured_in, round(measured.days_ago, 2) AS days_ago,
       earlier.run_id AS before_in
FROM held_out_users AS last
JOIN measured USING (run_id)
LEFT JOIN earlier
  ON earlier.user = last.user AND earlier.metric = last.metric AND earlier.k = last.k
WHERE last.metric = 'NDCG'
  AND (last.reranked < last.base OR last.reranked < earlier.reranked)
ORDER BY least(last.reranked - last.base,
               coalesce(last.reranked - earlier.reranked, 0)), last.user
