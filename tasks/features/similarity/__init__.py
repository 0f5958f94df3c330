"""How well an item fits a person: `scorer` is the interface, `embedded` its default."""
