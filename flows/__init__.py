"""What runs: one file per flow, and the command line. Composition only, no arithmetic."""
