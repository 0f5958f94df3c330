"""The lists of a night where others need them: files, tables of databases, keys in Redis."""
