-- One row per run and kind of request: what the language model was asked, how fast, for how much.
SELECT run_id, kind, judge,
       count(*)                                     AS requests,
       sum(attempts)::BIGINT                        AS sends,
       sum(pairs)::BIGINT                           AS pairs,
       sum(tokens_in)::BIGINT                       AS tokens_in,
       sum(tokens_out)::BIGINT                      AS tokens_out,
       round(sum(tokens_cached) / nullif(sum(tokens_in), 0), 3) AS cached_share,
       round(sum(tokens_in) / nullif(sum(pairs), 0), 1)         AS tokens_in_per_pair,
       sum(cost_nano_dollars) / 1e9                 AS dollars,
       round(median(latency_seconds), 3)            AS latency_median,
       round(quantile_cont(latency_seconds, 0.95), 3) AS latency_95,
       round(count(*) / nullif(max(finished_at) - min(sent_at), 0), 2) AS requests_per_second,
       count(*) FILTER (outcome <> 'answered')      AS not_answered,
       (sum(perhaps_billed) + count(*) FILTER (outcome = 'lost'))::BIGINT AS perhaps_billed_in_vain
FROM llm_requests
GROUP BY run_id, kind, judge
ORDER BY run_id DESC, kind
