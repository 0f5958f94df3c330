-- What judging heads of lists has shown to add, and whether each part was asked about.
SELECT part AS name, part, asked, tonight, people, gain AS difference, low, high,
       CASE WHEN low > 0 THEN 'higher' WHEN high < 0 THEN 'lower' ELSE 'no difference shown' END AS verdict
FROM judged_parts
WHERE run_id = $run_id
ORDER BY part = 'new items', part
