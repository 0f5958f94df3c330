"""Base models: each is trained into `factors.Factors`; `candidates` ranks items from them."""
