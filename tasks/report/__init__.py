"""Results as pages: of all experiments one for the clone, of each night one for the morning."""
