-- Which items does tonight's run push to the most people, and how high?
SELECT item, title, year, count(*) AS lists, round(avg(rank), 1) AS mean_rank,
       round(avg(popularity), 2) AS popularity
FROM latest_recommendations
GROUP BY item, title, year
ORDER BY lists DESC, mean_rank, item
LIMIT 20
