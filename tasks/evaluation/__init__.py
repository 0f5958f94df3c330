"""How good lists are: `splits` hold ratings out, `measures` compare lists with them.

To add a metric, see `accuracy`, `beyond` or `rating_error`; to add a protocol, `splits.protocols`.
"""
