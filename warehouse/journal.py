"""What was done to a home and how it ended: one line a step, only ever added to, on disk before work goes on.

The journal tells an import that was cut short from one that never was: it has a start and no end. It holds hashes,
counts and times, never a file name, a path or a value.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

JOURNAL = "journal.jsonl"
RUNNING = "running"
ABORTED = "aborted"

STATES = {
    RUNNING: ("กำลังทำงาน", "running"),
    "done": ("เสร็จ", "done"),
    "nothing_new": ("ไม่มีอะไรใหม่", "nothing new"),
    "refused": ("ไม่รับ", "refused"),
    "failed": ("ทำไม่สำเร็จ", "failed"),
    "stopped": ("ผู้ใช้สั่งหยุด", "stopped by a person"),
    ABORTED: ("ถูกตัดกลางคัน", "aborted"),
}
"""Every state a run can be in, in Thai and English."""


@dataclass(frozen=True, slots=True)
class Run:
    """One piece of work on a home, put together from its lines.

    Attributes
    ----------
    kind : str
        ``import``, ``build``, ``publish``, ``restore`` or ``rollback``.
    started, ended : str
        UTC, ISO 8601; ``ended`` is empty while there is no end.
    state : str
        A key of `STATES`. A run without an end is ``running`` here; whether it still does is known by who asks the
        lock (`warehouse.snapshots.Store.runs`).
    imports, files : tuple of str
        Import ids, and the SHA-256 of every file that was read.
    counts : mapping
        Rows read, accepted and rejected.
    drafted : tuple of str
        Snapshots that were about to be moved into place.
    target : str
        The snapshot the pointer was about to be moved to.
    snapshot : str
        The snapshot that became the current one, or empty.
    error : str
        The class of the error that ended it, or empty.
    """

    id: str
    kind: str
    started: str
    ended: str = ""
    state: str = RUNNING
    imports: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    drafted: tuple[str, ...] = ()
    target: str = ""
    snapshot: str = ""
    error: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``--json``."""
        return {
            "run": self.id,
            "kind": self.kind,
            "state": self.state,
            "started": self.started,
            "ended": self.ended or None,
            "imports": list(self.imports),
            "files": list(self.files),
            "counts": dict(self.counts),
            "snapshot": self.snapshot or None,
            "error": self.error or None,
        }


class Journal:
    """The journal of one home. Adding to it needs the home's lock; reading needs nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, event: str, run: str, **facts: Any) -> None:
        """Add a line and return when it is on disk.

        Raises
        ------
        OSError
            When it cannot be written whole; the file is then as it was before.
        """
        line = {"event": event, "run": run, "time": datetime.now(UTC).isoformat(timespec="milliseconds")}
        data = json.dumps(line | facts, ensure_ascii=False, sort_keys=True).encode() + b"\n"
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        new = not self.path.exists()
        descriptor = os.open(self.path, flags, 0o644)
        try:
            size = os.fstat(descriptor).st_size
            if size:
                os.lseek(descriptor, size - 1, os.SEEK_SET)
                if os.read(descriptor, 1) != b"\n":
                    # Whoever wrote before was cut off in the middle of a line; that line must not swallow this one.
                    data = b"\n" + data
            try:
                written = os.write(descriptor, data)
                if written != len(data):
                    # What is left of a full disk; the second try says so itself.
                    os.write(descriptor, data[written:])
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, size)
                raise
        finally:
            os.close(descriptor)
        if new and os.name != "nt":
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def read(self) -> tuple[list[Run], int]:
        """Every run, oldest first, and the number of lines that cannot be read."""
        runs: dict[str, Run] = {}
        unreadable = 0
        try:
            lines = self.path.read_bytes().split(b"\n")
        except OSError:
            return [], 0
        for line in filter(None, lines):
            try:
                fact = json.loads(line)
                _apply(runs, fact)
            except (ValueError, KeyError, TypeError, AttributeError):
                unreadable += 1
        return list(runs.values()), unreadable

    def unfinished(self) -> list[Run]:
        """Runs with a start and no end."""
        return [run for run in self.read()[0] if run.state == RUNNING]


def _apply(runs: dict[str, Run], fact: Mapping[str, Any]) -> None:
    name, event, time = str(fact["run"]), fact["event"], str(fact["time"])
    if event == "start":
        runs[name] = Run(name, str(fact["kind"]), time)
        return
    run = runs[name]
    if event == "contents":
        runs[name] = replace(
            run,
            imports=run.imports + _texts(fact["imports"]),
            files=run.files + _texts(fact["files"]),
            counts={
                k: run.counts.get(k, 0) + int(v)
                for k, v in {**dict.fromkeys(run.counts, 0), **fact["counts"]}.items()
            },
        )
    elif event == "publish":
        drafted = _texts(fact["snapshots"])
        runs[name] = replace(run, drafted=drafted, target=drafted[-1])
    elif event == "point":
        runs[name] = replace(run, target=str(fact["snapshot"]))
    elif event == "end":
        runs[name] = replace(
            run,
            ended=time,
            state=str(fact["state"]),
            snapshot=str(fact.get("snapshot") or ""),
            error=str(fact.get("error") or ""),
        )
    else:
        raise ValueError(event)


def _texts(values: Sequence[Any]) -> tuple[str, ...]:
    return tuple(str(v) for v in values)
