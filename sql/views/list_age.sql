-- One row per person with a list tonight: which night made it, how old it is, and how old the base
-- model behind it. hours: until the last night's end. An unknown night (null) is no longer kept.
SELECT tonight.run_id, tonight.user, tonight.listed_in,
       made.finished_at_utc AS listed_at_utc,
       (epoch(tonight.finished_at_utc) - epoch(made.finished_at_utc)) / 3600  AS list_hours,
       made.model_from, fitted.finished_at_utc AS model_at_utc,
       (epoch(tonight.finished_at_utc) - epoch(fitted.finished_at_utc)) / 3600 AS model_hours
FROM (
    SELECT DISTINCT run_id, user, coalesce(listed_in, run_id) AS listed_in, run.finished_at_utc
    FROM ranked_items
    JOIN latest_run AS run USING (run_id)
) AS tonight
LEFT JOIN nights AS made ON made.run_id = tonight.listed_in
LEFT JOIN runs AS fitted ON fitted.run_id = made.model_from
