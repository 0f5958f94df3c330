"""What can go wrong while a catalogue is enriched."""

from tasks.core.errors import PalateError


class EnrichError(PalateError):
    """Root of this stage's errors; every answer that arrived before is kept."""


class NobodyToAskError(EnrichError):
    """Something is missing, and neither TMDB nor a language model can be asked."""


class TmdbError(EnrichError):
    """TMDB does not answer, or not as TMDB does. No message holds an address with a key."""


class TmdbKeyError(TmdbError):
    """TMDB refuses the key: asking again is no use."""


class TmdbCacheError(EnrichError):
    """The file of kept answers cannot be used."""
