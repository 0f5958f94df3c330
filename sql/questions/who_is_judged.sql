-- About which people and items was the language model asked, what does it add there, at what price?
-- adds: to NDCG@10, with its interval; null: too few people. Requests and dollars: of the whole night.
SELECT part, asked, tonight, people AS measured_on, round(gain, 4) AS adds, round(low, 4) AS low,
       round(high, 4) AS high, sample.requests AS sample_requests,
       round(sample.dollars, 4) AS sample_dollars, lists.requests AS list_requests,
       round(lists.dollars, 4) AS list_dollars
FROM judged_parts
JOIN latest_run USING (run_id)
LEFT JOIN (FROM judging_prices WHERE purpose = 'sample') AS sample USING (run_id)
LEFT JOIN (FROM judging_prices WHERE purpose = 'lists') AS lists USING (run_id)
ORDER BY part
