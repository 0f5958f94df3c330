-- What a night asked of the language model, request by request.
SELECT kind, outcome, attempts, pairs, latency_seconds AS latency,
       tokens_in, tokens_cached, tokens_out, cost_nano_dollars / 1e9 AS dollars, perhaps_billed
FROM llm_requests
WHERE run_id = $run_id
ORDER BY id
