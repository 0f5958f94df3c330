"""Ratings, items and tags from any supported source, checked and written as Parquet."""
