"""A person chooses between two lists without knowing which is which."""
