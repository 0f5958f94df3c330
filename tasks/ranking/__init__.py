"""A new order for the candidates: `features` says what is known of each, `rules` order them."""
