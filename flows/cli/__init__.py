"""The `palate` command: one file per group of commands, what they print included."""
