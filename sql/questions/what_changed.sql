-- For how many people are tonight's lists new, kept or gone, and why? And the night before?
SELECT lists, reason, sum(users) FILTER (run_id = last.this)::BIGINT AS users,
       sum(users) FILTER (run_id = last.before)::BIGINT AS night_before
FROM changes
JOIN (SELECT run_id AS this, before FROM nights JOIN latest_run USING (run_id)) AS last
  ON run_id IN (last.this, last.before)
GROUP BY lists, reason
ORDER BY lists DESC, users DESC NULLS LAST, reason
