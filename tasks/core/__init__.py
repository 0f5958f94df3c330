"""What every floor stands on: stages, artifacts, storage, vocabulary, errors, progress."""
