-- Figures of others beside one run's; `corrected` where theirs is known to be wrong. inside:
-- whether theirs, corrected, lies in our interval. Ours are those of the first cell that fits.
SELECT theirs.source, theirs.method, theirs.protocol, theirs.metric, theirs.k,
       theirs.value AS published, theirs.corrected, ours.dataset, ours.model,
       coalesce(theirs.label, 'base list') AS label, ours.mean, ours.low, ours.high,
       coalesce(theirs.corrected, theirs.value) BETWEEN ours.low AND ours.high AS inside,
       theirs.note
FROM published AS theirs
LEFT JOIN figures AS ours
  ON ours.run_id = theirs.run_id AND ours.protocol = theirs.protocol
 AND ours.model = theirs.model AND ours.metric = theirs.metric AND ours.k = theirs.k
 AND CASE WHEN theirs.label IS NULL THEN ours.list = 'base'
          ELSE ours.list = 'reranked' AND ours.label = theirs.label END
WHERE theirs.run_id = $run_id
QUALIFY row_number() OVER (
    PARTITION BY theirs.source, theirs.method, theirs.protocol, theirs.metric, theirs.k
    ORDER BY ours.cell
) = 1
ORDER BY theirs.source, theirs.method, theirs.protocol,
         list_position(['NDCG', 'MAP', 'Precision', 'Recall', 'HR', 'cHR'], theirs.metric),
         theirs.metric, theirs.k
