-- What the probabilities of a replay foretold, over all its nights, and what came.
SELECT lowest, highest, sum(pairs)::BIGINT AS pairs, sum(pairs * foretold) / sum(pairs) AS foretold,
       sum(pairs * happened) / sum(pairs) AS happened
FROM reliability
WHERE run_id = $run_id
GROUP BY ALL
ORDER BY lowest
