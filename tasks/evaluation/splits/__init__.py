"""Held-out ratings: what the pipeline never sees, and lists are measured against.

One file per protocol; `protocols.split` chooses among them. None looks at how high a rating is, so
the value of a held-out rating cannot move train.
"""
