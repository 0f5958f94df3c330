-- The night whose lists are compared: the one that is named, else the last.
SELECT run_id, dataset, model, scorer, reranker, top
FROM runs
WHERE flow = 'nightly'
  AND run_id = coalesce(nullif($run_id, ''), (SELECT run_id FROM latest_run))
