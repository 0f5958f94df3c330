-- For one version: the earlier name of worse_lists.
FROM worse_lists
