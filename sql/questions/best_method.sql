-- Which method ranks best on each data set and protocol, and what does the most popular list give?
-- Methods that cheat (oracle, leaky profiles) are left out. At 10 places, newest run of each method.
SELECT dataset, protocol, arg_max(method, ndcg) AS best, arg_max(model, ndcg) AS model,
       round(max(ndcg), 4) AS ndcg,
       round(max(ndcg) FILTER (method = 'base: popularity'), 4) AS most_popular,
       arg_max(method, ndcg_liked) AS best_for_liked, round(max(ndcg_liked), 4) AS ndcg_liked
FROM leaderboard
WHERE NOT cheats
GROUP BY dataset, protocol
ORDER BY dataset, protocol
