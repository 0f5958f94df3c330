-- Figures of others beside ours; `corrected` where theirs is known to be wrong.
SELECT theirs.source, theirs.method, theirs.protocol, theirs.metric, theirs.k,
       theirs.value AS published, theirs.corrected, ours.mean AS ours, ours.low, ours.high,
       ours.sd, ours.seeds, ours.label, theirs.note
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
ORDER BY theirs.protocol, theirs.metric, theirs.k, theirs.method
