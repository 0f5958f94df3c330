"""All experiments as a page: tables, plots and sentences, straight from the results file."""
