-- For one version: what the table of this name held before list_examples. The signals are gone.
SELECT run_id, cell, seed, user, gain, item, title, year, base_rank, rank, held_out,
       NULL::DOUBLE AS estimate, NULL::DOUBLE AS similarity, NULL::DOUBLE AS popularity,
       NULL::DOUBLE AS date_affinity, NULL::DOUBLE AS score
FROM list_examples
WHERE gain IS NOT NULL
