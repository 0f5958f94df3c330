-- Did last night run at all, how did it end, and did it take as long as usual?
-- hours_ago: from its end until now. hours_since: from the end of the one before to its start.
-- usual: of nights that fitted their models, or of nights that kept them, as this one (fitted).
SELECT run_id, dataset, status, finished_at_utc,
       round((epoch(now()) - epoch(finished_at_utc)) / 3600, 1) AS hours_ago,
       round(hours_since, 1) AS hours_since, fitted, round(seconds, 1) AS seconds,
       round(usual_seconds, 1) AS usual_seconds, round(seconds / usual_seconds, 2) AS times_usual,
       users, users - users_listed AS without_list, note
FROM (
    FROM nights
    UNION ALL BY NAME SELECT NULL::BOOLEAN AS fitted WHERE false  -- files of earlier versions
)
ORDER BY finished_at_utc DESC, run_id DESC
LIMIT 14
