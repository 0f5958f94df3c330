"""A night as a page: one HTML file that needs nothing else, straight from the results file."""
