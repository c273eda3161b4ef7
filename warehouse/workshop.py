"""The workshop's data home: where it lies, how its snapshot is known, and the process that makes it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from warehouse.uploads import Job

if TYPE_CHECKING:
    from warehouse.snapshots import SnapshotInfo

DEMO: Final = "demo"
"""Kind of the import that makes a home the workshop's: nothing official is put beside what is synthetic."""
WORKSHOP: Final = "workshop"
"""Folder of the workshop's data home inside the ordinary one."""
DISK_MB: Final = 1000
"""Free megabytes asked for before the country is made; persons and snapshot take less than half of it."""
SEED: Final = 1
"""The country that the exercise of ``docs/workshop.md`` speaks of."""


def workshop_home(home: Path) -> Path:
    """The data home of the workshop that belongs to an ordinary one."""
    return home / WORKSHOP


def is_workshop(current: SnapshotInfo | None) -> bool:
    """Whether a snapshot holds the synthetic country."""
    return current is not None and DEMO in current.contents.get("kinds", ())


def free_mb(home: Path) -> int:
    """Megabytes free where a data home lies, or would."""
    place = next(p for p in (home, *home.parents) if p.is_dir())
    return shutil.disk_usage(place).free // 1_000_000


class DemoJob(Job):
    """The synthetic country being made, in a process that leaves the processor to the readers.

    Parameters
    ----------
    home : Path
        The ordinary data home.
    seed : int
    scale : float, optional
        As of `warehouse.demo.publication.publish_demo`, whose default it is.

    Attributes
    ----------
    answer : dict or None
        In the end ``done`` with ``snapshot``, or ``failed`` with ``th`` and ``en``.
    """

    def __init__(self, home: Path, seed: int = SEED, scale: float | None = None) -> None:
        super().__init__("warehouse.demo.job", {"seed": seed, "scale": scale}, home)
