-- How did earlier lists do on the ratings that came in since, and for whom did the guard step in?
-- By segment of people, the worst first; where the verdict is worse, base lists were published.
SELECT segment, verdict, users, ratings, metric || '@' || k AS metric, round(base, 4) AS base,
       round(reranked, 4) AS reranked, round(difference, 4) AS difference,
       round(low, 4) AS low, round(high, 4) AS high
FROM guard
SEMI JOIN latest_run USING (run_id)
ORDER BY metric, verdict <> 'worse', difference NULLS LAST, segment
