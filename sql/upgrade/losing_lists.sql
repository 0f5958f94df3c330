-- Carries an earlier version's lists of all who lost over into list_examples, but for users whose
-- lists are there already.
INSERT INTO list_examples BY NAME
SELECT run_id, cell, seed, user, item, title, base_rank, rank, held_out
FROM losing_lists
ANTI JOIN (SELECT DISTINCT run_id, cell, user FROM list_examples) USING (run_id, cell, user)
