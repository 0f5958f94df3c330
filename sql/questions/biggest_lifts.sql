-- Which recommendations would not be there without re-ranking? From how far did they come, and why?
-- Items beyond the end of the person's base list; a night that published base lists alone (degraded) has none.
SELECT user, rank, base_rank, title, round(estimate, 2) AS estimate,
       round(similarity, 2) AS similarity, round(popularity, 2) AS popularity,
       round(date_affinity, 2) AS date_affinity, reasons
FROM (
    FROM latest_recommendations SEMI JOIN latest_run USING (run_id)
    UNION ALL BY NAME SELECT NULL::VARCHAR AS reasons WHERE false  -- files of earlier versions
)
WHERE base_rank > (SELECT top FROM latest_run)
ORDER BY base_rank - rank DESC, user, rank
LIMIT 20
