"""A data home with everything imported, made once with the command line and kept in the temporary folder.

Real files are looked for where the tests look for them (``DAOMAP_REAL_DATA``); without them a benchmark
stops and says so. ``DAOMAP_BENCH_HOME`` moves the kept homes.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.browser.conftest import command
from tests.realdata import real_root
from warehouse.snapshots import SnapshotInfo, Store

BOUNDARIES = (
    "boundaries/tha_adm1_province_shapefile.zip",
    "boundaries/tha_admbnda_adm2_shapefile.zip",
    "boundaries/tha_admbnda_adm3_rtsd_20220121.zip",
)
TPMAP = "tpmap/61"


class Skipped(Exception):  # noqa: N818 - reads as what it is
    """A benchmark cannot run here; the text says why."""


def kept() -> Path:
    """Folder of the prepared homes."""
    return Path(os.environ.get("DAOMAP_BENCH_HOME") or Path(tempfile.gettempdir()) / "daomap-bench")


def real_files(*names: str) -> list[Path]:
    """Paths of real files; Skipped where one is absent."""
    paths = [real_root() / name for name in names]
    for path in paths:
        if not path.exists():
            raise Skipped(f"real file not on this machine: {path.name} (set DAOMAP_REAL_DATA to its folder)")
    return paths


def outlines() -> Path:
    """A home with the shipped figures and the real boundaries, before any TPMAP file came in."""
    return made(kept() / "outlines", None, ["build"], ["import", "boundaries", *_texts(*BOUNDARIES)])


def everything() -> Path:
    """A home with the real boundaries and the whole TPMAP edition of 2561."""
    real_files(TPMAP)
    return made(kept() / "everything", outlines(), ["import", "tpmap", *_texts(TPMAP)])


def current(home: Path) -> SnapshotInfo:
    """The snapshot a home shows."""
    found = Store(home).current()
    if found is None:
        raise Skipped(f"no snapshot in {home}")
    return found


def _texts(*names: str) -> list[str]:
    return [str(path) for path in real_files(*names)]


def made(home: Path, base: Path | None, *steps: list[str]) -> Path:
    """A home kept under `home`: a copy of `base`, if any, after these commands; made once and brought up to date."""
    done = home / "prepared"
    if not done.exists():
        if home.exists():
            shutil.rmtree(home)
        if base is not None:
            shutil.copytree(base, home)
            done.unlink()
        for step in steps:
            print(f"preparing {home.name}: {' '.join(step[:2])}", file=sys.stderr)
            result = command(home, *step)
            if result.returncode != 0:
                raise Skipped(f"{' '.join(step[:2])} failed: {result.stderr[-2000:]}")
        done.touch()
    # Rules may have changed since: what is out of date is made again, as `daomap serve` would.
    result = command(home, "build")
    if result.returncode != 0:
        raise Skipped(f"build failed: {result.stderr[-2000:]}")
    return home
