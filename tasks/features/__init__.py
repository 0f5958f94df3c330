"""What is known of a (user, item) pair, as numbers: what the learned re-ranker reads.

To add a feature, write one small function in the file of its group and name it there; `table`
gathers them. All see `facts.Facts`, which holds train ratings alone.
"""
