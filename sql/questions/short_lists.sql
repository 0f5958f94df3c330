-- Who got fewer recommendations than asked for (because they have rated nearly everything)?
-- Who has rated everything has no list, and no row here: runs.users - runs.users_listed counts them.
SELECT user, max(rank) AS length, any_value(run.top) AS asked
FROM latest_recommendations
JOIN latest_run AS run USING (run_id)
GROUP BY user
HAVING max(rank) < any_value(run.top)
ORDER BY length, user
