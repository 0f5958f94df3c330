"""Formats in which data sets are published, told by what files hold and not by their names."""
