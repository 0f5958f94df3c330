-- What people prefer who do not know which list is which, by data set and method, and in all.
-- share: of those who saw a difference, who chose the re-ranked list. a_share: who chose list A,
-- whichever that was; far from a half, people go by where a list stands. low, high: 95 % intervals
-- by Wilson (1927), which hold for few people too: (x + z2/2 -+ z sqrt(x(n - x)/n + z2/4)) / (n + z2)
WITH counted AS (
    SELECT CASE WHEN grouping(dataset) = 1 THEN 'all' ELSE dataset END AS dataset,
           model, scorer, reranker,
           count(*) AS comparisons,
           count(*) FILTER (chosen = 'reranked') AS preferred_reranked,
           count(*) FILTER (chosen = 'base') AS preferred_base,
           count(*) FILTER (chosen = 'neither') AS neither,
           count(*) FILTER (chosen <> 'neither') AS decided,
           count(*) FILTER (chosen = first) AS a_chosen,
           count(*) FILTER (first = 'reranked') AS reranked_first,
           median(seconds) AS median_seconds,
           grouping(dataset) = 1 AS overall
    FROM choices
    GROUP BY GROUPING SETS ((dataset, model, scorer, reranker), ())
),
pairs AS (
    SELECT preferred_reranked AS x, decided AS n FROM counted WHERE decided > 0
    UNION
    SELECT a_chosen, decided FROM counted WHERE decided > 0
),
terms AS (
    SELECT x, n, (x + z * z / 2) / (n + z * z) AS centre,
           z * sqrt(x * (n - x) / n + z * z / 4) / (n + z * z) AS half
    FROM pairs, (SELECT 1.959963984540054 AS z)
),
intervals AS (
    SELECT x, n, x / n AS share, greatest(centre - half, 0) AS low, least(centre + half, 1) AS high
    FROM terms
)
SELECT counted.* EXCLUDE (a_chosen, reranked_first, median_seconds, overall),
       preferring.share, preferring.low, preferring.high,
       a_chosen, position.share AS a_share, position.low AS a_low, position.high AS a_high,
       reranked_first, median_seconds, overall
FROM counted
LEFT JOIN intervals AS preferring ON preferring.x = preferred_reranked AND preferring.n = decided
LEFT JOIN intervals AS position ON position.x = a_chosen AND position.n = decided
ORDER BY overall, counted.dataset, model, scorer, reranker
