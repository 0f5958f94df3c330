"""The base models, a file each: every module of this package is found, none is listed."""
