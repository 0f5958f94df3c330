"""The page about a replay."""
