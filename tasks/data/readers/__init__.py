"""One reader per source format; each gives the same `RawTables`."""
