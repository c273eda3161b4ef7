"""What a malformed file of the corpus is: how it is made, which reader gets it and what has to come of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Verdict = Literal["reject", "repair", "accept"]
SEED = 20_613


@dataclass(frozen=True, slots=True)
class Case:
    """One file, or the few that are wrong only together.

    Attributes
    ----------
    number : int
        Class of the fault, 1-125.
    name : str
        Unique; also the folder it is made in.
    what : str
        The fault in words.
    reader : str
        ``csv``, ``tpmap``, ``neet``, ``places``, ``table``, ``villages``, ``crosswalk``, ``figures``,
        ``boundaries``, ``nightlight``,
        ``vector``, ``sheet`` or ``raster``.
    verdict : str
        ``reject``; ``repair``, accepted with a warning or a counted repair; ``accept``, without either.
    code : str
        Finding of the rejection or the warning, or key of the repair; empty for ``accept``.
    make : callable
        ``make(folder, random)`` writes the files; what it returns is what gets imported.
    row, column : bool
        Whether the finding has to name one.
    truth : mapping
        What the accepted file says, where that is not what the sound file says.
    options : mapping
        Passed to the reader.
    """

    number: int
    name: str
    what: str
    reader: str
    verdict: Verdict
    code: str
    make: Callable[[Path, random.Random], list[Path]]
    row: bool = False
    column: bool = False
    truth: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def write(self, folder: Path) -> list[Path]:
        """Make the files in a folder of their own; the same bytes at every run."""
        folder.mkdir(parents=True)
        return self.make(folder, random.Random(f"{SEED}/{self.name}"))


CASES: dict[str, Case] = {}


def add(case: Case) -> None:
    """Put a case into the corpus."""
    if case.name in CASES:
        raise ValueError(f"two cases are called {case.name}")
    CASES[case.name] = case
