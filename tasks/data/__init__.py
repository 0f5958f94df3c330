"""Ratings, items and tags from any supported source, checked and written as Parquet.

`catalogue` finds the source, `readers/` read it, `validate` checks it, `task` wraps it.
"""
