-- Do people prefer the re-ranked list when they cannot know which one it is? See palate compare.
-- shows: what the 95 % interval of their share leaves open. a_share: near a half if it does not
-- matter where a list stands.
SELECT dataset, model, scorer, reranker, comparisons, preferred_reranked, preferred_base, neither,
       round(share, 3) AS share, round(low, 3) AS low, round(high, 3) AS high,
       CASE WHEN low > 0.5 THEN 'the re-ranked list is preferred'
            WHEN high < 0.5 THEN 'the base list is preferred'
            ELSE 'no preference shown' END AS shows,
       round(a_share, 3) AS a_share, round(a_low, 3) AS a_low, round(a_high, 3) AS a_high,
       round(median_seconds, 0) AS median_seconds
FROM blind_tally
ORDER BY overall, dataset, model, scorer, reranker
