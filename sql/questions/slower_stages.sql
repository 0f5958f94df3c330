-- Which stages took longer last night than they usually do?
-- usual: median over the 28 nights before on the same data set in which the stage was not cached.
WITH of_night AS (
    SELECT night.age, stage, part, bool_and(cached) AS cached, sum(stages.seconds) AS seconds
    FROM stages
    JOIN nights AS night USING (run_id)
    WHERE night.dataset = (SELECT dataset FROM latest_run) AND night.age <= 29
    GROUP BY night.age, stage, part
),
usually AS (
    SELECT stage, part, median(seconds) AS usual, count(*) AS nights
    FROM of_night
    WHERE age > 1 AND NOT cached
    GROUP BY stage, part
)
SELECT stage, part, round(seconds, 2) AS seconds, round(usual, 2) AS usual,
       round(seconds - usual, 2) AS slower_by, round(seconds / nullif(usual, 0), 2) AS times_usual,
       nights
FROM of_night
JOIN usually USING (stage, part)
WHERE age = 1 AND NOT cached AND seconds > usual
ORDER BY seconds - usual DESC, stage, part
