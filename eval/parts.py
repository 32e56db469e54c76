"""The parts of the bench: their names, and what running each asks for. Imports nothing, for `--help` to be quick."""

PARTS = (
    *(
        "startup",
        "parsing",
        "abstention",
        "follow-ups",
        "retrieval",
        "latency",
        "links",
        "overhead",
        "load",
        "masking",
        "evaluation",
        "ingestion",
    ),
    *("scale", "stock"),
)

LONG = frozenset({"scale", "stock", "links"})
"""Parts of several minutes, measured only when they are named or with `--all`."""

NEED_LAW = frozenset({"retrieval", "latency", "ingestion", "scale"})
"""Parts that work on the code du travail with its vectors."""
