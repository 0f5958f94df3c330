-- What a point of NDCG@10 (.01 over the base list) costs in re-ranking work, per seed.
-- Seconds are those of the work when it was done, embedding included where it was new. Dollars are
-- what this run spent: 0 where the ledger had the scores already, null without a known price.
SELECT told.run_id, told.cell, told.dataset, told.protocol, told.label, told.model, told.scorer,
       told.difference AS ndcg_gained, told.verdict,
       cell.base_seconds, cell.rerank_seconds,
       cell.rerank_seconds / nullif(100 * greatest(told.difference, 0), 0) AS seconds_per_point,
       cell.dollars,
       cell.dollars / nullif(100 * greatest(told.difference, 0), 0)        AS dollars_per_point
FROM lift_over_base AS told
JOIN cells AS cell USING (run_id, cell)
WHERE told.metric = 'NDCG' AND told.k = 10
ORDER BY told.run_id DESC, told.cell
