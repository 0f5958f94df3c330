-- Carries an earlier version's lists of who gained or lost most over into list_examples.
INSERT INTO list_examples BY NAME
SELECT run_id, cell, seed, user, gain, item, title, year, base_rank, rank, held_out
FROM telling_lists
