-- Published lists minus base lists and every rival's, paired by person and night.
SELECT CASE paired.against_list WHEN 'base' THEN replace(other.label, 'published', 'base') ELSE other.label END AS against,
       other.label LIKE '%, newcomers' AS newcomers, paired.metric, paired.difference, paired.low, paired.high,
       paired.p_holm, paired.verdict,
       (SELECT count(*) FROM replayed_lists AS mine JOIN replayed_lists AS theirs USING (run_id, night, metric, k)
        WHERE mine.run_id = paired.run_id AND mine.metric = paired.metric AND mine.k = paired.k
          AND mine.cell = paired.cell AND mine.list LIKE 'published%'
          AND theirs.cell = paired.against AND (theirs.list LIKE 'base lists%') = (paired.against_list = 'base')
          AND mine.value > theirs.value) AS nights_higher
FROM comparisons AS paired
JOIN cells AS other ON other.run_id = paired.run_id AND other.cell = paired.against
WHERE paired.run_id = $run_id AND paired.metric IN ('NDCG liked', 'NDCG')
ORDER BY newcomers, paired.metric DESC, paired.against
