-- How well lists follow tastes in words: by situation (taste is null), and by situation and taste.
-- Each taste counts as much as any other, however many people typed it.
WITH by_taste AS (
    SELECT situation, taste, count(*) AS people, avg(fit) AS fit, avg(fit_without) AS fit_without,
           avg(fit_simple) AS fit_simple, avg(steer) AS steer, median(known) AS known
    FROM wishes
    WHERE run_id = $run_id
    GROUP BY situation, taste
)
SELECT situation, taste, sum(people)::BIGINT AS people, count(*) AS tastes, avg(fit) AS fit,
       avg(fit_without) AS fit_without, avg(fit_simple) AS fit_simple, avg(steer) AS steer, median(known) AS known
FROM by_taste
GROUP BY GROUPING SETS ((situation), (situation, taste))
ORDER BY situation, taste NULLS FIRST
