-- How well do lists follow what people say, by what else is known, in the last measurement?
WITH by_taste AS (
    SELECT situation, taste, avg(fit) AS fit, avg(fit_without) AS fit_without, avg(fit_simple) AS fit_simple,
           avg(steer) AS steer, median(known) AS known
    FROM wishes
    WHERE run_id = (SELECT run_id FROM runs WHERE flow = 'wishes' ORDER BY finished_at_utc DESC, run_id DESC LIMIT 1)
    GROUP BY situation, taste
)
SELECT situation, count(*) AS tastes, round(avg(fit), 3) AS fit, round(avg(fit_without), 3) AS "fit without words",
       round(avg(fit_simple), 3) AS "fit by text and ratings", round(avg(steer), 3) AS steer,
       median(known) AS "ratings of an item"
FROM by_taste
GROUP BY situation
ORDER BY situation
