"""What a catalogue lacks: asked of TMDB first, then of a language model; never overwriting."""

ATTRIBUTION = "This product uses the TMDB API but is not endorsed or certified by TMDB."
"""TMDB's terms want this said wherever its texts are used."""
