-- One cell's figures for people, at the length of its lists: base against re-ranked.
SELECT metric || CASE WHEN k > 0 THEN '@' || k ELSE '' END AS metric, base, reranked,
       difference, low, high, p, worse AS share_worse, coalesce(verdict, '') AS verdict
FROM both_lists
WHERE run_id = $run_id AND cell = 0 AND (k IN (0, top) OR metric = 'candidate recall')
ORDER BY list_position(['NDCG', 'HR', 'cHR', 'ARHR', 'MAP', 'MAP/n', 'Precision', 'Recall'],
                       both_lists.metric) NULLS LAST,
         ends_with(both_lists.metric, ' liked') DESC, both_lists.metric, k
