"""Telling somebody that a night failed, was degraded or guarded: a program, a webhook, or both."""
