"""The desk's own texts, beside those of the public app."""

from __future__ import annotations

from pathlib import Path

from ui.texts import Words

HERE = Path(__file__).resolve().parent


def words(language: str) -> Words:
    """Texts of the desk in a language."""
    return Words(language, HERE)
