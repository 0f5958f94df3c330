-- All that a night keeps of one user's two lists.
SELECT ranked.* FROM ranked_items AS ranked WHERE run_id = $run_id AND user = $user
