"""Every word on screen, from ``th.toml`` and ``en.toml``; a test keeps the two complete and alike."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_HERE = Path(__file__).resolve().parent


def _flat(tree: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    out: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            out |= _flat(value, f"{prefix}{key}.")
        else:
            out[f"{prefix}{key}"] = str(value)
    return out


@cache
def texts(language: str, folder: Path = _HERE) -> Mapping[str, str]:
    """All texts of a language by dotted key; the officers' desk has a folder of its own."""
    return _flat(tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8")))


class Words:
    """Texts of one language; call it with a key and the values of the text's placeholders."""

    def __init__(self, language: str, folder: Path = _HERE) -> None:
        self.language = language
        self._texts = texts(language, folder)

    def __call__(self, key: str, **values: object) -> str:
        return self._texts[key].format(**values)

    def pick(self, thai: str, english: str) -> str:
        """The one of two data texts that is in this language."""
        return thai if self.language == "th" else english
