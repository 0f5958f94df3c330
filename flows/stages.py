"""Which stages make a list: those that propose, and those that put in order."""

BASE_STAGES = frozenset(
    {
        "train",
        "fold users in",
        "train on texts",
        *("count ratings", "find candidates", "gather candidates"),
        "find candidates with Spark",
        "join candidates",
        "offer new items",
    }
)
RERANK_STAGES = frozenset(
    {
        *("make profiles", "write tastes", "gather profiles", "write item texts"),
        *("choose texts", "embed item texts", "gather vectors", "score", "gather scores"),
        *("re-rank", "gather lists"),
        *("find unrated items", "offer nearest new items", "join unrated items"),
        *("make features", "add similarities", "learn to re-rank", "re-rank as learned"),
        "diversify",
    }
)
