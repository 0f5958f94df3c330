"""What judgements that language models of others made add to an order learned without language.

`spec` says which there are, `blending` puts them on the learned order with weights from others.
"""
