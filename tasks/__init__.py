"""How each step works: plain functions, and the Prefect tasks that wrap them in `task.py`."""
