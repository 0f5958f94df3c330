"""Held-out ratings: what the pipeline never sees, and lists are measured against.

No protocol looks at how high a rating is, so the value of a held-out rating cannot change train.
"""
