"""Texts of items and people, and their vectors."""
