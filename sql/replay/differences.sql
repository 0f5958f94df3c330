-- Published lists minus base lists and every rival's, paired by person and night. nights_higher: on
-- how many nights the published ones have the higher mean, of `nights` that both have one of.
WITH by_night AS (
    SELECT mine.run_id, mine.metric, mine.k, mine.cell, theirs.cell AS against,
           CASE WHEN theirs.list LIKE 'base lists%' THEN 'base' ELSE 'reranked' END AS against_list,
           count(*) AS nights, count(*) FILTER (mine.value > theirs.value) AS nights_higher
    FROM replayed_lists AS mine
    JOIN replayed_lists AS theirs USING (run_id, night, metric, k)
    WHERE mine.run_id = $run_id AND mine.list LIKE 'published lists%' AND mine.newcomers = theirs.newcomers
    GROUP BY ALL
)
SELECT CASE paired.against_list WHEN 'base' THEN replace(other.label, 'published', 'base') ELSE other.label END AS against,
       other.label LIKE '%, newcomers' AS newcomers, paired.metric, paired.difference, paired.low, paired.high,
       paired.p_holm, paired.verdict,
       coalesce(by_night.nights_higher, 0) AS nights_higher, coalesce(by_night.nights, 0) AS nights
FROM comparisons AS paired
JOIN cells AS other ON other.run_id = paired.run_id AND other.cell = paired.against
LEFT JOIN by_night
  ON by_night.run_id = paired.run_id AND by_night.metric = paired.metric AND by_night.k = paired.k
 AND by_night.cell = paired.cell AND by_night.against = paired.against
 AND by_night.against_list = paired.against_list
WHERE paired.run_id = $run_id AND paired.metric IN ('NDCG liked', 'NDCG')
ORDER BY newcomers, paired.metric DESC, paired.against
