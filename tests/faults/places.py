"""Small disks, made full on purpose, and a reader that must not notice."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from warehouse.query import serving
from warehouse.snapshots import Store


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of a few megabytes at `folder`; skips where mounting is not permitted."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(folder: Path, *, read_only: bool) -> None:
    """Make a small disk read-only, or writable again."""
    how = "ro" if read_only else "rw"
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


def fill(folder: Path, left: int) -> Path:
    """Fill a disk until `left` bytes (rounded to pages) are free, and return the file that does."""
    ballast = folder / "ballast"
    free = os.statvfs(folder)
    size = max(free.f_bavail * free.f_frsize - left, 0)
    with ballast.open("wb") as handle:
        os.posix_fallocate(handle.fileno(), 0, max(size, 1))
    return ballast


class Reader:
    """Asks on a thread, as the dashboard does; every answer must be the one that was published."""

    def __init__(self, store: Store, expected: list[float]) -> None:
        self.store, self.expected = store, expected
        self.answers = 0
        self.faults: list[object] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                house = serving(self.store)
                frame = house.values("target_poor", level="province", year=2018, source="made")
                if frame["value"].dropna().tolist() != self.expected or house.info.notices:
                    self.faults.append((frame["value"].dropna().tolist(), house.info.notices))
                self.answers += 1
            except Exception as error:
                self.faults.append(error)
            time.sleep(0.005)

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        assert self.faults == [] and self.answers > 0
