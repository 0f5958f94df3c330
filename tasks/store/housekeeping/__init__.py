"""What a home folder no longer needs, and how it is removed under nobody's feet."""
