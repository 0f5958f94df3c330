-- Who has no list tonight, although they had one the night before, or were measured last?
-- They have rated everything, are gone from the data, or were not to be served (--limit-users).
-- measured_in: the run that measured last, perhaps an earlier night; null: not this person.
WITH night AS (
    SELECT night.run_id, before, coalesce(run.measured_in, run.run_id) AS measured_in
    FROM nights AS night
    JOIN latest_run AS run USING (run_id)
),
listed_or_measured AS (
    SELECT user, true AS listed_before, NULL AS measured_in
    FROM ranked_items WHERE run_id = (SELECT before FROM night)
    UNION ALL
    SELECT user, false, run_id FROM user_metrics
    WHERE run_id = (SELECT measured_in FROM night)
)
SELECT user, bool_or(listed_before) AS listed_the_night_before, max(measured_in) AS measured_in
FROM listed_or_measured
ANTI JOIN (SELECT user FROM ranked_items WHERE run_id = (SELECT run_id FROM night)) USING (user)
GROUP BY user
ORDER BY user
