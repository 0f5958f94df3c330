-- Do probabilities mean what they say: of the candidates of the last replay, how many came true?
SELECT lowest, highest, sum(pairs)::BIGINT AS candidates,
       round(sum(pairs * foretold) / sum(pairs), 4) AS foretold, round(sum(pairs * happened) / sum(pairs), 4) AS happened
FROM reliability
WHERE run_id = (SELECT run_id FROM runs WHERE flow = 'replay' ORDER BY finished_at_utc DESC, run_id DESC LIMIT 1)
GROUP BY ALL
ORDER BY lowest
