"""How good the lists are: `splits` holds ratings out, `metrics` measures lists against them."""
