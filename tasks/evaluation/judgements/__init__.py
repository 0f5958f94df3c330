"""What judgements that language models of others made add to an order learned without language.

`spec` says which there are, `blending` puts them on top of the learned order, fold by fold of people.
"""
