-- What did the language model cost this month, and in the months before: in total and by kind?
-- By when a request was answered, in UTC. dollars leaves out not_priced, whose price is not known.
SELECT strftime(make_timestamp((finished_at * 1e6)::BIGINT), '%Y-%m') AS month,
       coalesce(kind, 'in total') AS kind, count(*) AS requests,
       sum(tokens_in)::BIGINT AS tokens_in, sum(tokens_out)::BIGINT AS tokens_out,
       round(sum(cost_nano_dollars) / 1e9, 4) AS dollars,
       count(*) FILTER (cost_nano_dollars IS NULL) AS not_priced
FROM llm_requests
GROUP BY GROUPING SETS ((month), (month, kind))
ORDER BY month DESC, grouping(kind) DESC, dollars DESC NULLS LAST, kind
