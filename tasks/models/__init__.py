"""Base models: `registry` fits one by name, `candidates` ranks items from its estimates."""
