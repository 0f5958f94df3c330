-- One run in words and figures, as Prefect's UI shows it: each value as text, in this order.
WITH asked AS (
    SELECT sum(requests)::BIGINT AS requests, sum(dollars) AS dollars
    FROM llm_usage WHERE run_id = $run_id
), done AS (
    SELECT count(*) FILTER (cached) AS cached, count(*) AS stages
    FROM stages WHERE run_id = $run_id
)
SELECT status, note, array_to_string(passed_over::VARCHAR[], '; ') AS "passed over", dataset,
       concat_ws(', ', model, scorer, reranker)      AS method,
       format('{:d} of {:d}', users_listed, users)   AS "users served",
       format('{:.0f} s', seconds)                   AS "time",
       format('{:d} of {:d}', cached, stages)        AS "stages cached",
       coalesce(requests, 0)::VARCHAR                AS "requests to a language model",
       CASE WHEN coalesce(requests, 0) = 0 OR dollars = 0 THEN '$0'
            ELSE coalesce(format('${:.4f}', dollars), 'price not known') END AS cost
FROM runs, asked, done
WHERE run_id = $run_id
