-- Users whose re-ranked list is worse (NDCG) than their base list, both lists side by side, place
-- by place; of each cell's first seed. A star marks an item that was held out: one they did rate.
SELECT base.run_id, base.cell, cell.dataset, cell.protocol, cell.label, base.seed, base.user,
       base.base_rank AS rank,
       base.title || CASE WHEN base.held_out THEN ' *' ELSE '' END         AS base_title,
       reranked.title || CASE WHEN reranked.held_out THEN ' *' ELSE '' END AS title,
       reranked.base_rank AS came_from, reranked.reasons
FROM list_examples AS base
JOIN cells AS cell USING (run_id, cell)
JOIN list_examples AS reranked
  ON reranked.run_id = base.run_id AND reranked.cell = base.cell AND reranked.user = base.user
 AND reranked.rank = base.base_rank
WHERE base.base_rank <= cell.top AND (base.gain IS NULL OR base.gain < 0)
ORDER BY base.run_id DESC, base.cell, try_cast(base.user AS BIGINT), base.user, base.base_rank
