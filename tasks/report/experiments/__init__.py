"""All experiments and replays as pages: tables, plots and sentences, from the results file."""
