"""Asking a language model for scores and profiles, through any OpenAI-compatible server."""
