-- What did each run ask of the language model, and cost: by kind, per person and per listed item?
SELECT run_id, flow, dataset, kind, requests, tokens_in, tokens_out, round(dollars, 4) AS dollars,
       dollars_per_user, dollars_per_item, not_priced
FROM costs
ORDER BY finished_at_utc DESC, run_id DESC, kind
