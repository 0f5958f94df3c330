-- What a point of NDCG@10 (.01 over the base list) costs in re-ranking work, per seed.
-- Seconds are those of the work when it was done, embedding included where it was new. Dollars are
-- what this run spent: 0 where the ledger had the scores already, null without a known price.
SELECT lift.run_id, lift.cell, lift.dataset, lift.protocol, lift.label, lift.model, lift.scorer,
       lift.difference AS ndcg_gained, lift.verdict,
       cell.base_seconds, cell.rerank_seconds,
       cell.rerank_seconds / nullif(100 * greatest(lift.difference, 0), 0) AS seconds_per_point,
       cell.dollars,
       cell.dollars / nullif(100 * greatest(lift.difference, 0), 0)        AS dollars_per_point
FROM lift_over_base AS lift
JOIN cells AS cell USING (run_id, cell)
WHERE lift.metric = 'NDCG' AND lift.k = 10
ORDER BY lift.run_id DESC, lift.cell
