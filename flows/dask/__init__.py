"""Fan-outs on Dask: a scheduler, and what its workers need."""
