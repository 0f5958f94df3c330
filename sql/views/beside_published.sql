-- Figures of others beside ours of the same run, data set and protocol; `corrected` where theirs is
-- known to be wrong. inside: whether theirs, corrected, lies in our interval. Ours are those of the
-- first cell that fits: its base lists, or the re-ranked lists of the cells that `label` names. A
-- data set fits by its own name or by that under which the cell asked for it.
SELECT theirs.run_id, theirs.source, theirs.method, theirs.dataset, theirs.protocol, theirs.metric,
       theirs.k, theirs.value AS published, theirs.corrected, ours.mean AS ours, ours.low, ours.high,
       ours.sd, ours.seeds, coalesce(theirs.label, 'base list') AS label, ours.model,
       coalesce(theirs.corrected, theirs.value) BETWEEN ours.low AND ours.high AS inside,
       theirs.note
FROM published AS theirs
LEFT JOIN (
    SELECT figure.*, cell.config->>'$.data' AS asked
    FROM figures AS figure
    JOIN cells AS cell USING (run_id, cell)
) AS ours
  ON ours.run_id = theirs.run_id AND ours.protocol = theirs.protocol
 AND (theirs.dataset IS NULL OR theirs.dataset = ours.dataset OR theirs.dataset = ours.asked)
 AND ours.model = theirs.model AND ours.metric = theirs.metric AND ours.k = theirs.k
 AND CASE WHEN theirs.label IS NULL THEN ours.list = 'base'
          ELSE ours.list = 'reranked' AND ours.label = theirs.label END
QUALIFY row_number() OVER (
    PARTITION BY theirs.run_id, theirs.source, theirs.method, theirs.dataset, theirs.protocol,
                 theirs.metric, theirs.k
    ORDER BY ours.cell
) = 1
