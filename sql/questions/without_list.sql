-- Who has no list tonight, although they had one the night before, or were measured tonight?
-- They have rated everything, are gone from the data, or were not to be served (--limit-users).
WITH night AS (SELECT run_id, before FROM nights JOIN latest_run USING (run_id)),
listed_or_measured AS (
    SELECT user, true AS listed_before, false AS measured
    FROM ranked_items WHERE run_id = (SELECT before FROM night)
    UNION ALL
    SELECT user, false, true FROM user_metrics WHERE run_id = (SELECT run_id FROM night)
)
SELECT user, bool_or(listed_before) AS listed_the_night_before,
       bool_or(measured) AS measured_tonight
FROM listed_or_measured
ANTI JOIN (SELECT user FROM ranked_items WHERE run_id = (SELECT run_id FROM night)) USING (user)
GROUP BY user
ORDER BY user
