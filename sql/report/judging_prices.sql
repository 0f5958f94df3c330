-- What judging heads took: of the sample, and of the night's lists; and who was judged, in words.
SELECT purpose, requests, prompt_tokens, answer_tokens, dollars, judged
FROM judging_prices
JOIN runs USING (run_id)
WHERE run_id = $run_id
ORDER BY purpose DESC
