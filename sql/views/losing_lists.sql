-- For one version: what the table of this name held before list_examples.
SELECT run_id, cell, seed, user, item, title, base_rank, rank, held_out
FROM list_examples
WHERE gain IS NULL OR gain < 0
