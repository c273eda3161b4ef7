"""Specifications in TOML: read key by key, every complaint naming file, key, what was found and what was expected."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

MAX_BYTES: Final = 1_000_000
MAX_TABLES: Final = 200
_ID: Final = re.compile(r"[a-z][a-z0-9]{0,15}")


class SpecError(ValueError):
    """A specification holds something it must not, or lacks something it needs.

    Attributes
    ----------
    file, key : str
    found, expected : str
        What stands there and what should.
    """

    def __init__(self, file: str, key: str, found: object, expected: str) -> None:
        self.file, self.key, self.found, self.expected = file, key, str(found)[:120], expected
        super().__init__(self.text("en"))

    def __reduce__(self) -> tuple[type[SpecError], tuple[str, str, str, str]]:
        return SpecError, (self.file, self.key, self.found, self.expected)

    def text(self, language: str = "th") -> str:
        """One line for a person."""
        if language == "th":
            return f"{self.file}: {self.key} พบ {self.found} ควรเป็น {self.expected} วิธีแก้: แก้ไฟล์ข้อกำหนดที่คีย์นี้"
        return (
            f"{self.file}: {self.key}: found {self.found}, expected {self.expected}. "
            "To mend: correct this key of the specification"
        )


_NEEDED: Final = object()


class SpecTable:
    """One table of TOML, read key by key; what was not asked for is unknown."""

    def __init__(self, raw: object, file: str, name: str) -> None:
        if not isinstance(raw, dict):
            raise SpecError(file, name, raw, "a table")
        self.raw: dict[str, Any] = raw
        self.file, self.name = file, name
        self._asked: set[str] = set()

    def place(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key

    def take(self, key: str, default: Any = _NEEDED) -> Any:
        self._asked.add(key)
        value = self.raw.get(key, default)
        if value is _NEEDED:
            raise SpecError(self.file, self.place(key), "nothing", "a value")
        return value

    def _as(self, key: str, good: Callable[[Any], bool], expected: str) -> Any:
        value = self.take(key)
        if not good(value):
            raise SpecError(self.file, self.place(key), value, expected)
        return value

    def text(self, key: str, *, empty: bool = False) -> str:
        return str(
            self._as(
                key,
                lambda v: (
                    isinstance(v, str) and v.isprintable() and (empty or bool(v.strip())) and len(v) <= 600
                ),
                "text in quotes, on one line",
            )
        )

    def key(self, key: str, pattern: re.Pattern[str] = _ID) -> str:
        return str(
            self._as(
                key, lambda v: isinstance(v, str) and bool(pattern.fullmatch(v)), "small letters and digits"
            )
        )

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._as(
            key,
            lambda v: isinstance(v, list) and all(isinstance(t, str) and t.strip() for t in v),
            "a list of texts",
        )
        return tuple(value)

    def flag(self, key: str) -> bool:
        return bool(self._as(key, lambda v: isinstance(v, bool), "true or false"))

    def whole(self, key: str, low: int, high: int) -> int:
        return int(self._as(key, lambda v: type(v) is int and low <= v <= high, f"{low} to {high}"))

    def number(self, key: str) -> float:
        return float(self._as(key, lambda v: type(v) in (int, float, Decimal) and abs(v) < 1e12, "a number"))

    def tables(self, key: str, *, least: int = 1) -> list[SpecTable]:
        value = self.take(key, [])
        if not isinstance(value, list) or not least <= len(value) <= MAX_TABLES:
            found = len(value) if isinstance(value, list) else value
            raise SpecError(self.file, self.place(key), found, f"{least} to {MAX_TABLES} tables [[{key}]]")
        return [SpecTable(raw, self.file, f"{key} {n}") for n, raw in enumerate(value, 1)]

    def years(self, key: str) -> tuple[int, int]:
        """First and last Buddhist year."""
        value = self.take(key)
        if not (
            isinstance(value, list)
            and len(value) == 2
            and all(type(year) is int for year in value)
            and 2400 <= value[0] <= value[1] <= 2700
        ):
            raise SpecError(self.file, self.place(key), value, "[first, last], Buddhist years")
        return value[0], value[1]

    def finish(self) -> None:
        unknown = sorted(set(self.raw) - self._asked)
        if unknown:
            raise SpecError(self.file, self.place(unknown[0]), unknown[0], f"one of {sorted(self._asked)}")


def read_text(path: Path) -> str:
    """Text of a specification's file.

    Raises
    ------
    SpecError
        When there is no such file, or it is too large or no UTF-8.
    """
    try:
        size = path.stat().st_size
        if not path.is_file() or size > MAX_BYTES:
            raise SpecError(path.name, "-", f"{size:,} bytes", f"a TOML file of at most {MAX_BYTES:,} bytes")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SpecError(path.name, "-", error.reason, "TOML (UTF-8)") from error
    except OSError as error:
        raise SpecError(path.name, "-", error.strerror or type(error).__name__, "a TOML file") from error


def top_table(text: str, file: str, parse_float: Callable[[str], float | Decimal] = float) -> SpecTable:
    """The outermost table of a specification.

    Raises
    ------
    SpecError
        When the text is no TOML.
    """
    try:
        return SpecTable(tomllib.loads(text, parse_float=parse_float), file, "")
    except tomllib.TOMLDecodeError as error:
        raise SpecError(file, "TOML", str(error), "readable TOML") from error


def each_once(file: str, key: str, values: Sequence[object]) -> None:
    """Refuse values that stand there twice.

    Raises
    ------
    SpecError
    """
    twice = sorted({str(v) for v in values if values.count(v) > 1})
    if twice:
        raise SpecError(file, key, ", ".join(twice[:5]), "each once")
