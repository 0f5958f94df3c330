-- Every list of a replay over all its nights, the published ones first; intervals over people.
SELECT CASE figure.list WHEN 'base' THEN replace(cell.label, 'published', 'base') ELSE cell.label END AS list,
       cell.label LIKE '%, newcomers' AS newcomers, max(figure.users) AS people,
       max(mean) FILTER (metric = 'NDCG liked')       AS "NDCG liked",
       max(figure.low)  FILTER (metric = 'NDCG liked') AS low,
       max(figure.high) FILTER (metric = 'NDCG liked') AS high,
       max(mean) FILTER (metric = 'NDCG')      AS "NDCG",
       max(mean) FILTER (metric = 'HR')        AS "HR",
       max(mean) FILTER (metric = 'MAP')       AS "MAP",
       max(mean) FILTER (metric = 'repeated')  AS repeated,
       max(mean) FILTER (metric = 'new items') AS new,
       max(mean) FILTER (metric = 'coverage')  AS coverage,
       max(mean) FILTER (metric = 'novelty')   AS novelty
FROM cell_metrics AS figure
JOIN cells AS cell USING (run_id, cell)
WHERE figure.run_id = $run_id AND (figure.list = 'reranked' OR cell.label LIKE 'published lists%')
GROUP BY ALL
ORDER BY newcomers, min(cell.cell), list DESC
