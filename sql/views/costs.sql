-- One row per run and kind of request: what it cost, per person served and per published item.
-- dollars: null without a known price; not_priced: requests of which that is so.
-- published_items and dollars_per_item: null of nights whose lists are no longer kept.
SELECT run.run_id, run.flow, run.dataset, run.finished_at_utc, asked.kind, asked.requests,
       asked.pairs, asked.tokens_in, asked.tokens_out, asked.not_priced, asked.dollars,
       run.users_listed, listed.items AS published_items,
       asked.dollars / nullif(run.users_listed, 0) AS dollars_per_user,
       asked.dollars / nullif(listed.items, 0)     AS dollars_per_item
FROM (
    SELECT run_id, kind, count(*) AS requests, sum(pairs)::BIGINT AS pairs,
           sum(tokens_in)::BIGINT AS tokens_in, sum(tokens_out)::BIGINT AS tokens_out,
           count(*) FILTER (cost_nano_dollars IS NULL) AS not_priced,
           sum(cost_nano_dollars) / 1e9 AS dollars
    FROM llm_requests
    GROUP BY run_id, kind
) AS asked
JOIN runs AS run USING (run_id)
LEFT JOIN (
    SELECT run_id, count(*) AS items
    FROM ranked_items
    JOIN runs USING (run_id)
    WHERE rank <= top
    GROUP BY run_id
) AS listed USING (run_id)
ORDER BY run.finished_at_utc DESC, run.run_id DESC, asked.kind
