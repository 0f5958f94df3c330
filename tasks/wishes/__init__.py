"""What somebody says they want, in words: read, and held against the items of the catalogue."""
