"""The results file that analysts query: `warehouse` publishes a run, `query` reads."""
