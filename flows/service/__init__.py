"""The standing installation: a database, a Prefect server and a worker that outlive commands."""
