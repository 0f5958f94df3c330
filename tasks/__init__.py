"""How each step works: plain functions first, the thin Prefect task that wraps them in `task.py`."""
