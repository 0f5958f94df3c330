-- One row per night, newest first. before: the night before it on the same data set; hours_since:
-- from the end of that one to the start of this; usual_seconds: median of up to 28 nights before it
-- with the same base model, scorer and re-ranker that fitted as this one did, or did not; fitted:
-- whether it did, which takes longest.
SELECT run_id, dataset, method, model, scorer, reranker, status, note, started_at_utc,
       finished_at_utc, seconds, top, users, users_listed,
       lag(run_id) OVER of_dataset AS before,
       (epoch(started_at_utc) - epoch(lag(finished_at_utc) OVER of_dataset)) / 3600 AS hours_since,
       median(seconds) OVER alike_before AS usual_seconds,
       coalesce(model_from, run_id) AS model_from,
       coalesce(model_from, run_id) = run_id AS fitted,
       row_number() OVER (PARTITION BY dataset ORDER BY finished_at_utc DESC, run_id DESC) AS age
FROM runs
WHERE flow = 'nightly'
WINDOW of_dataset AS (PARTITION BY dataset ORDER BY finished_at_utc, run_id),
       alike_before AS (
           PARTITION BY dataset, model, scorer, reranker, coalesce(model_from, run_id) = run_id
           ORDER BY finished_at_utc, run_id
           ROWS BETWEEN 28 PRECEDING AND 1 PRECEDING
       )
ORDER BY finished_at_utc DESC, run_id DESC
