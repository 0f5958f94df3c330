"""What a catalogue lacks: asked of TMDB first, then of a language model; never overwriting.

`enrich` is the whole; `lookups` asks TMDB through `tmdb` and keeps answers in `tmdb_cache`,
`matching` tells whether a hit is the movie meant, `fill` joins texts, `store` keeps them, `task`
hands them to the nightly stages.
"""

ATTRIBUTION = "This product uses the TMDB API but is not endorsed or certified by TMDB."
"""TMDB's terms want this said wherever its texts are used."""
