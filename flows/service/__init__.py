"""What `palate up` starts: a database, a Prefect server and a worker, which stay."""
