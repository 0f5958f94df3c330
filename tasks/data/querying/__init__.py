"""Data sets that are queries of a database: asked, typed, and kept as Parquet."""
