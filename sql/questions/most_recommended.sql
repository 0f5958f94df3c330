-- Which items are recommended to the most people tonight, how high, and by base lists to how many?
SELECT item, title, year, published_lists AS lists, round(published_place, 1) AS mean_rank,
       base_lists, round(popularity, 2) AS popularity
FROM exposure
WHERE published_lists > 0
ORDER BY lists DESC, mean_rank, item
LIMIT 20
