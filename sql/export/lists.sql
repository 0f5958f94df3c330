-- The lists of one night as `palate export` gives them: one row per person and place.
SELECT ranked.user AS user_id, ranked.item AS item_id, ranked.rank, ranked.score, ranked.estimate,
       ranked.title, ranked.year, ranked.reasons, ranked.why, ranked.run_id, run.dataset,
       run.finished_at_utc AS made_at_utc
FROM ranked_items AS ranked
JOIN runs AS run USING (run_id)
WHERE ranked.run_id = $run_id AND ranked.rank <= run.top
ORDER BY ranked.user, ranked.rank
