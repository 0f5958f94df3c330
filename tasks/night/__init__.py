"""Nights that follow each other: what is taken over, what changed, and whether lists did well."""
