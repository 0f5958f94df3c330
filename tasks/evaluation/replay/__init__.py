"""Nights that have already happened: when they were, who came after, and how the lists did."""
