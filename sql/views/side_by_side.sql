-- The last run's base list and re-ranked list of each user, place by place.
-- came_from: where the re-ranked item stood in the base order.
SELECT base.run_id, base.user, base.base_rank AS rank,
       base.item AS base_item, base.title AS base_title, base.estimate AS base_estimate,
       reranked.item, reranked.title, reranked.estimate, reranked.similarity, reranked.score,
       reranked.base_rank AS came_from, reranked.reasons
FROM ranked_items AS base
JOIN latest_run AS run USING (run_id)
JOIN ranked_items AS reranked
  ON reranked.run_id = base.run_id AND reranked.user = base.user
 AND reranked.rank = base.base_rank
WHERE base.base_rank <= run.top
ORDER BY base.user, base.base_rank
