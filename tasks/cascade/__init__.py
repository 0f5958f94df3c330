"""A language model on top of the learned order: what its judgement adds, and where it is asked."""
