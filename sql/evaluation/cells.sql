-- Every figure of one run, as `--json` gives them.
SELECT cell, label, dataset, model, scorer, reranker, protocol, list, metric, k,
       mean, sd, low, high, seeds, users, leaky, external
FROM figures
WHERE run_id = $run_id
ORDER BY cell, list, metric, k
