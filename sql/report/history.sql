-- A night and up to 29 of the same data set and method before it, oldest first, with what
-- re-ranking gave at 10 places. Old rows name no method: there the parts of it must be the same.
WITH this AS (
    SELECT * FROM runs WHERE run_id = $run_id
)
SELECT night.run_id, night.finished_at_utc, night.seconds, coalesce(night.status, 'complete') AS status,
       ndcg.base, ndcg.reranked, ndcg.difference, ndcg.low, ndcg.high
FROM this
JOIN runs AS night
  ON night.flow = this.flow AND night.dataset = this.dataset AND night.top = this.top
 AND night.model = this.model AND night.scorer = this.scorer AND night.reranker = this.reranker
 AND coalesce(night.method = this.method, true)
 AND (night.finished_at_utc, night.run_id) <= (this.finished_at_utc, this.run_id)
LEFT JOIN both_lists AS ndcg
  ON ndcg.run_id = coalesce(night.measured_in, night.run_id) AND ndcg.cell = 0 AND ndcg.metric = 'NDCG' AND ndcg.k = 10
QUALIFY row_number() OVER (ORDER BY night.finished_at_utc DESC, night.run_id DESC) <= 30
ORDER BY night.finished_at_utc, night.run_id
