"""What was asked and answered, kept so that nothing is ever paid for twice."""
