-- How each kind of list did on each night of each replay: means over the people it is about, at
-- k = top. list: published lists, the base lists beside them, or a rival.
SELECT night.run_id, night.night, night.moment, cell.cell,
       CASE figure.list WHEN 'base' THEN replace(cell.label, 'published', 'base') ELSE cell.label END AS list,
       cell.label LIKE '%, newcomers' AS newcomers,
       figure.metric, figure.k, avg(figure.value) AS value, count(*) AS people
FROM replayed_nights AS night
JOIN cells AS cell USING (run_id)
JOIN user_metrics AS figure
  ON figure.run_id = night.run_id AND figure.cell = cell.cell AND figure.seed = night.night
WHERE figure.list = 'reranked' OR cell.label LIKE 'published lists%'
GROUP BY ALL
