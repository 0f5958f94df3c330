"""Results as pages: of all measurements for the clone, of each night one for the morning."""
