"""The published numbers of the four target groups of fiscal year 2566, with what could be checked of each."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

FILE: Final = Path(__file__).with_name("target_groups.toml")
YEAR: Final = 2023
"""Common era year of the edition."""

COLUMNS: Final = (
    "mpi_poor",
    "target_poor",
    "welfare_verified",
    "t_group_urgent",
    "t_group_urgent_card",
    "t_group_vulnerable",
    "t_group_vulnerable_households",
    "t_group_card_not_poor",
    "t_group_card_no_data",
    "t_group_missed",
)
"""Indicators that number a group by area, where a snapshot has them; the last seven come from the officers' desk."""


@dataclass(frozen=True, slots=True)
class Published:
    """One group for the country.

    Attributes
    ----------
    of : str or None
        The group it is a part of.
    persons, households : int or None
        As published; None where nobody published a number.
    checked : str
        ``file``, ``sum``, ``no`` or ``unknown``; see the file.
    """

    id: str
    source_th: str
    source_en: str
    checked: Literal["file", "sum", "no", "unknown"]
    of: str | None = None
    persons: int | None = None
    households: int | None = None


@cache
def published() -> tuple[Published, ...]:
    """The groups in their order, each with its parts behind it."""
    return tuple(Published(**row) for row in tomllib.loads(FILE.read_text("utf-8"))["group"])
