-- How well do lists follow what somebody says, by what else is known of them, in the last measurement?
SELECT situation, count(DISTINCT taste) AS tastes, round(avg(fit), 3) AS fit, round(avg(fit_without), 3) AS "fit without words",
       round(avg(steer), 3) AS steer, median(known) AS "ratings of an item"
FROM wishes
WHERE run_id = (SELECT run_id FROM runs WHERE flow = 'wishes' ORDER BY finished_at_utc DESC, run_id DESC LIMIT 1)
GROUP BY situation
ORDER BY situation
