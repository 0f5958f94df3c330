-- Both lists of ten tastes, of one person in each of two situations, place by place.
WITH shown AS (
    SELECT DISTINCT taste FROM wish_lists WHERE run_id = $run_id ORDER BY hash(taste) LIMIT 10
)
SELECT taste, situation, rank,
       max(title || coalesce(' (' || year || ')', '')) FILTER (list = 'with words') AS with_words,
       max(title || coalesce(' (' || year || ')', '')) FILTER (list = 'without words') AS without_words
FROM wish_lists
JOIN shown USING (taste)
WHERE run_id = $run_id AND situation IN ('no ratings', 'three unfitting ratings')
GROUP BY taste, situation, rank
ORDER BY taste, situation, rank
