"""Where snapshots rest and how one becomes the current one: staging folder, rename, pointer file.

A reader opens the folder that ``CURRENT`` names and never looks at staging. A writer holds ``lock``, builds a
complete folder under ``staging/``, renames it into ``snapshots/`` and moves the pointer last. A kill at any
moment leaves the old pointer; the next writer, and ``daomap serve``, finish or undo what it left and say so.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import re
import shutil
import stat
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from warehouse.journal import ABORTED, JOURNAL, RUNNING, Journal, Run
from warehouse.report import ImportRefused

MANIFEST = "manifest.json"
DATABASE = "warehouse.duckdb"
LAYERS = "layers/"
"""Files below it are drawn from the database and the boundaries, and can be drawn again."""

PRIVATE = "private/"
"""Files below it are for the owner of the home alone."""

_RECHECK_S = 60.0
log = logging.getLogger("daomap")
_WINDOWS: bool = os.name == "nt"
# `Store.list` hides the builtin inside the class, so its shapes are named here.
Names = list[str]
_NAME = re.compile(r"^snap-(\d{6,})-([0-9a-f]{12})$")


class StoreError(Exception):
    """One thing the store cannot do, in both languages."""

    def __init__(self, th: str, en: str) -> None:
        super().__init__(en)
        self.th = th
        self.en = en

    def text(self, language: str = "th") -> str:
        return self.th if language == "th" else self.en


class StoreBusy(StoreError):  # noqa: N818 - reads as what it is
    """Somebody else is importing."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know although work goes on."""

    th: str
    en: str

    def text(self, language: str = "th") -> str:
        return self.th if language == "th" else self.en


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """A published snapshot.

    Attributes
    ----------
    id : str
        Folder name, ``snap-000002-1f2e...``.
    sha256 : str
        Hash of ``manifest.json``, which holds the hash of every other file.
    notices : tuple of Notice
        What had to be worked around to find this snapshot (damage, missing pointer); empty in ordinary times.
    damaged : tuple of str
        Layer files that are not as published. They are never served; everything else is sound.
    """

    id: str
    version: int
    sha256: str
    created: str
    path: Path
    contents: dict[str, Any] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    damaged: tuple[str, ...] = ()

    @property
    def database(self) -> Path:
        return self.path / DATABASE


Infos = list[SnapshotInfo]
Notices = list[Notice]
Runs = list[Run]
Paths = list[Path]
Mark = Callable[[str], None]
"""Called with the name of the step that begins: sweep, stage, seal, move, point, prune."""


def _no_mark(_step: str) -> None:
    pass


class Work:
    """One piece of work on a home: the lock is held and the journal has its start, from `Store.work` on.

    Attributes
    ----------
    notices : list of Notice
        What an earlier, interrupted work had left behind and what became of it.
    outcome : str
        Key of `warehouse.journal.STATES` for a work that ends without an error; ``done`` unless changed.
    """

    def __init__(self, store: Store, kind: str, lock: _Lock | None, notices: Notices) -> None:
        self.store = store
        self.id = uuid.uuid4().hex
        self.kind = kind
        self.notices = notices
        self.outcome = "done"
        self.snapshot = ""
        self.thread = threading.get_ident()
        self._lock = lock
        self._noted: set[str] = set()

    def contents(self, imports: Iterable[str], files: Iterable[str], counts: Mapping[str, int]) -> None:
        """Note in the journal, once, what is being brought in: import ids, SHA-256 of the files, numbers of rows."""
        fresh = set(imports) - self._noted
        if fresh:
            self._noted |= fresh
            self.store.journal.append(
                "contents", self.id, imports=sorted(fresh), files=sorted(files), counts=dict(counts)
            )

    def __enter__(self) -> Work:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        state = self.outcome
        if self.snapshot:
            # Published is published, whatever went wrong while tidying up.
            state = "done"
        elif isinstance(error, ImportRefused):
            state = "refused"
        elif isinstance(error, KeyboardInterrupt):
            state = "stopped"
        elif error is not None:
            state = "failed"
        name = type(error).__name__ if error is not None else None
        try:
            # A full disk must not turn a published snapshot into a failure: the next start finds the end itself.
            with contextlib.suppress(OSError):
                self.store.journal.append(
                    "end", self.id, state=state, snapshot=self.snapshot or None, error=name
                )
        finally:
            self.store._leave(self)
            if self._lock is not None:
                self._lock.release()
        if isinstance(error, OSError):
            raise store_error(error, self.store.home) from error


class Staging:
    """A private draft of the next snapshot; leaving its context without publishing throws it away."""

    def __init__(
        self, store: Store, path: Path, base: SnapshotInfo | None, work: Work, *, owns_work: bool
    ) -> None:
        self.store = store
        self.path = path
        self.base = base
        self.work = work
        self.published: SnapshotInfo | None = None
        self._owns_work = owns_work

    @property
    def database(self) -> Path:
        return self.path / DATABASE

    def replace_file(self, name: str, content: bytes) -> None:
        """Write a file of the draft; never through a hard link into a published snapshot."""
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        _unlink(target)
        target.write_bytes(content)

    def __enter__(self) -> Staging:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self.published is None:
                _remove_tree(self.path)
        finally:
            if self._owns_work:
                self.work.__exit__(kind, error, trace)
        if isinstance(error, OSError):
            raise store_error(error, self.store.home) from error


class Store:
    """The snapshots of one home folder.

    Parameters
    ----------
    home : Path
        Created when the first snapshot is staged; reading never writes to it.
    keep : int
        Snapshots left after publishing, the current one included.
    """

    def __init__(self, home: Path | str, keep: int = 5) -> None:
        self.home = Path(home)
        self.keep = keep
        self.journal = Journal(self.home / JOURNAL)
        self._verdicts: dict[str, _Verdict] = {}
        self._works: list[Work] = []
        self._told: set[str] = set()

    @property
    def snapshots(self) -> Path:
        return self.home / "snapshots"

    @property
    def staging(self) -> Path:
        return self.home / "staging"

    @property
    def pointer(self) -> Path:
        return self.home / "CURRENT"

    # -- reading ------------------------------------------------------------

    def current(self) -> SnapshotInfo | None:
        """The snapshot readers should use, or None in an empty home.

        All files are hashed at the first call of a process, and again when the database or the manifest is touched.
        When the pointer is missing, garbled or names a damaged snapshot, the newest sound one takes its place and
        the notices say so; where there is none, the newest of which only layer files are damaged.

        Raises
        ------
        StoreError
            When there are snapshots and none can be used.
        """
        for _ in range(8):
            wanted, notice = self._read_pointer()
            names = self._names()
            info, fault = self._checked(wanted) if wanted is not None else (None, "")
            if info is not None and not info.damaged:
                return info
            if wanted is None or self._read_pointer()[0] == wanted:
                break
            # Somebody published in between, and the snapshot just named may be pruned by now.
        notices = [notice] if notice is not None and names else []
        if wanted is not None:
            notices.append(
                Notice(
                    f"ชุดข้อมูล {wanted} เสียหาย ({fault}) จึงใช้ชุดอื่นที่สมบูรณ์ วิธีแก้: daomap restore หรือ daomap build --force",
                    f"snapshot {wanted} is damaged ({fault}), so a sound one is used instead. "
                    "To mend: daomap restore, or daomap build --force",
                )
            )
            # Going back first: a newer one may have been left on purpose by a rollback.
            version = _version(wanted)
            names = [n for n in names if _version(n) < version] + [n for n in names if _version(n) > version]
        damage = notices[-1] if wanted is not None else None
        partly = [info] if info is not None else []
        for name in names:
            found, _ = self._checked(name)
            if found is not None and not found.damaged:
                return self._tell(found, notices)
            partly += [found] if found is not None else []
        if partly:
            first = ", ".join(partly[0].damaged[:3])
            if damage is not None and partly[0].id == wanted:
                notices.remove(damage)  # it is used after all
            notices.append(
                Notice(
                    f"ไฟล์ชั้นแผนที่ {len(partly[0].damaged)} ไฟล์ของ {partly[0].id} เสียหาย ({first}) "
                    "ตัวเลขครบถ้วน แต่แผนที่ส่วนนั้นไม่แสดง วิธีแก้: daomap build --force",
                    f"{len(partly[0].damaged)} layer files of {partly[0].id} are damaged ({first}): "
                    "all numbers are sound, these maps are not shown. To mend: daomap build --force",
                )
            )
            return self._tell(partly[0], notices)
        if names or wanted is not None:
            raise StoreError(
                f"ไม่มีชุดข้อมูลที่สมบูรณ์ใน {self.home} วิธีแก้: daomap restore FILE หรือ daomap build",
                f"no valid snapshot in {self.home}. To mend: daomap restore FILE, or daomap build",
            )
        return None

    def runs(self) -> Runs:
        """Every import and other work in the journal, oldest first; one without an end and without its process is
        ``aborted``."""
        runs, _ = self.journal.read()
        if not any(run.state == RUNNING for run in runs) or self.busy():
            return runs
        return [replace(run, state=ABORTED) if run.state == RUNNING else run for run in runs]

    def busy(self) -> bool:
        """Whether somebody is importing at this moment."""
        # Windows locks for writing only; elsewhere a home that belongs to somebody else can be asked as well.
        path = self.home / "lock"
        try:
            with path.open("r+b", buffering=0) if _WINDOWS else path.open("rb", buffering=0) as handle:
                return not _Lock.free(handle)
        except FileNotFoundError:
            return False
        except OSError:
            return True  # it cannot be known, and "aborted" must not be said of an import that may be running

    def list(self) -> Infos:
        """Every snapshot with a readable manifest, newest first. Files are not hashed here; see `verify`."""
        found = []
        for name in self._names():
            info = self._manifest_info(name)
            if info is not None:
                found.append(info)
        return found

    def get(self, snapshot: str) -> SnapshotInfo | None:
        """One snapshot by its exact name, or None."""
        return self._manifest_info(snapshot) if _NAME.fullmatch(snapshot) else None

    def has(self, snapshot: str) -> bool:
        """Whether a snapshot of this exact name is here, sound or not; `get` looks into it as well."""
        return bool(_NAME.fullmatch(snapshot)) and (self.snapshots / snapshot / MANIFEST).is_file()

    def verify(self, snapshot: str) -> Names:
        """Names of the files of a snapshot that are missing or not as published; empty when all is well."""
        folder = self.snapshots / snapshot
        info = self._manifest_info(snapshot)
        if info is None:
            return [MANIFEST]
        files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        damaged = []
        for name, fact in files.items():
            file = folder / name
            try:
                if file.stat().st_size != fact["size"] or file_sha256(file) != fact["sha256"]:
                    damaged.append(name)
            except PermissionError:
                # What only the owner may read no reader needs; its owner's `daomap check` hashes it.
                if not name.startswith(PRIVATE):
                    damaged.append(name)
            except OSError:
                damaged.append(name)
        if (folder / f"{DATABASE}.wal").exists():
            damaged.append(f"{DATABASE}.wal")
        return damaged

    def trust_again(self, snapshot: str) -> None:
        """Forget that a snapshot was found sound: reading it has failed, so its files are hashed anew."""
        self._verdicts.pop(snapshot, None)

    # -- writing ------------------------------------------------------------

    def work(self, kind: str) -> Work:
        """Take the lock, tidy up after an interrupted work and note the start of a new one in the journal.

        Inside a work of the same thread the lock is shared: a build that an import needs is a work of its own. A
        work publishes at most once.

        Parameters
        ----------
        kind : str
            ``import``, ``build``, ``publish``, ``restore`` or ``rollback``.

        Raises
        ------
        StoreBusy
            Within a second, naming the process that holds the lock.
        StoreError
            When the home cannot be written.
        """
        lock: _Lock | None = None
        notices: Notices = []
        try:
            if not any(w.thread == threading.get_ident() for w in self._works):
                self.snapshots.mkdir(parents=True, exist_ok=True)
                self.staging.mkdir(parents=True, exist_ok=True)
                with contextlib.suppress(PermissionError):
                    # Drafts hold true numbers before they are hidden.
                    self.staging.chmod(stat.S_IRWXU)
                lock = _Lock(self.home / "lock")
                lock.acquire()
                notices = self._settle()
            work = Work(self, kind, lock, notices)
            self.journal.append("start", work.id, kind=kind)
        except BaseException as error:
            if lock is not None:
                lock.release()
            if isinstance(error, OSError):
                raise store_error(error, self.home) from error
            raise
        self._works.append(work)
        return work

    def open_staging(self, *, fresh: bool = False, mark: Mark = _no_mark) -> Staging:
        """Start a draft, as a copy of the current snapshot unless `fresh`; a work of its own unless inside one.

        Raises
        ------
        StoreBusy
            At once, naming the process that holds the lock.
        """
        mark("sweep")
        mine = [w for w in self._works if w.thread == threading.get_ident()]
        work = mine[-1] if mine else self.work("publish")
        path = self.staging / uuid.uuid4().hex
        try:
            mark("stage")
            # What a published file is copied from must be sound now, not when this process first looked.
            self._verdicts.clear()
            base = None if fresh else self.current()
            path.mkdir()
            if base is not None:
                _copy_on_write(base, path)
            return Staging(self, path, base, work, owns_work=not mine)
        except BaseException as error:
            # Half a copy on a full disk is what keeps it full.
            with contextlib.suppress(OSError):
                _remove_tree(path)
            if not mine:
                work.__exit__(type(error), error, error.__traceback__)
            if isinstance(error, OSError):
                raise store_error(error, self.home) from error
            raise

    def sweep(self) -> Notices:
        """Finish or undo what a killed work left, and say so; nothing while an import runs."""
        try:
            if not self._unsettled():
                return []
        except PermissionError:
            # Another account's drafts are that account's to clear.
            return []
        except OSError as error:
            raise store_error(error, self.home) from error
        lock = _Lock(self.home / "lock")
        try:
            lock.acquire()
        except StoreBusy:
            return []
        except OSError as error:
            raise store_error(error, self.home) from error
        try:
            return self._settle()
        except OSError as error:
            raise store_error(error, self.home) from error
        finally:
            lock.release()

    def publish(
        self, staging: Staging, contents: dict[str, Any] | None = None, *, mark: Mark = _no_mark
    ) -> SnapshotInfo:
        """Make a finished draft the current snapshot.

        Parameters
        ----------
        staging : Staging
            Its database is closed and checkpointed.
        contents : dict, optional
            What is inside and which settings shaped it; kept in the manifest.
        mark : callable, optional
            Told each step as it begins.
        """
        try:
            return self._publish(staging, contents or {}, mark)
        except OSError as error:
            raise store_error(error, self.home) from error

    def rollback(self, snapshot: str | None = None) -> SnapshotInfo:
        """Point to another published snapshot: the one named, else the newest valid one before this."""
        with self.work("rollback") as work:
            if snapshot is None:
                current = self.current()
                version = current.version if current is not None else 0
                older = [n for n in self._names() if _version(n) < version]
                snapshot = next((name for name in older if not self.verify(name)), None)
                if snapshot is None:
                    raise StoreError("ไม่มีชุดข้อมูลก่อนหน้าให้ย้อนกลับ", "there is no earlier snapshot to go back to")
            info = self._manifest_info(snapshot) if _NAME.fullmatch(snapshot) else None
            if info is None:
                known = ", ".join(self._names()) or "-"
                raise StoreError(
                    f"ไม่พบชุดข้อมูล {snapshot} ที่มีอยู่: {known}", f"no snapshot {snapshot}; there are: {known}"
                )
            damaged = self.verify(snapshot)
            if damaged:
                raise StoreError(
                    f"ชุดข้อมูล {snapshot} เสียหาย: {', '.join(damaged[:5])}",
                    f"snapshot {snapshot} is damaged: {', '.join(damaged[:5])}",
                )
            self.journal.append("point", work.id, snapshot=info.id)
            self._point(info)
            work.snapshot = info.id
            return info

    # -- inside ------------------------------------------------------------

    def _publish(self, staging: Staging, contents: dict[str, Any], mark: Mark) -> SnapshotInfo:
        mark("seal")
        wal = staging.path / f"{DATABASE}.wal"
        if wal.exists():
            # A snapshot with a log beside it is half a database: whoever wrote it has not closed it.
            raise StoreError("ฐานข้อมูลยังไม่ปิด (พบ .wal)", f"the database is not closed ({wal.name} found)")
        info = self.seal(staging.path, self.next_version(), contents, staging.base)
        self.move_in(staging.work, [(staging.path, info)], mark)
        staging.published = info
        self.prune(info, mark)
        return info

    def next_version(self) -> int:
        """The number of the next snapshot: higher than any there is and any that was pointed to."""
        pointed, _ = self._read_pointer()
        return max((_version(n) for n in [*self._names(), pointed or ""]), default=0) + 1

    def seal(
        self, folder: Path, version: int, contents: dict[str, Any], base: SnapshotInfo | None = None
    ) -> SnapshotInfo:
        """Hash every file of a finished folder, write its manifest, make it read-only and durable.

        Returns
        -------
        SnapshotInfo
            Of the snapshot it will be; `move_in` makes it so.
        """
        base_files: dict[str, Any] = {}
        if base is not None:
            base_files = json.loads((base.path / MANIFEST).read_text(encoding="utf-8"))["files"]
        files: dict[str, dict[str, Any]] = {}
        for file in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST):
            name = file.relative_to(folder).as_posix()
            known = base_files.get(name)
            if known is not None and base is not None and _same_file(file, base.path / name):
                files[name] = known
                continue
            files[name] = {"sha256": file_sha256(file), "size": file.stat().st_size}
            _fsync_file(file)
            # What protected sources truly say is for the owner of the home alone.
            private = name.startswith(PRIVATE)
            file.chmod(stat.S_IRUSR if private else stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
        created = datetime.now(UTC).isoformat(timespec="seconds")
        text = json.dumps(
            {"format": 1, "version": version, "created": created, "files": files, "contents": contents},
            ensure_ascii=False,
            indent=1,
            sort_keys=True,
        ).encode()
        sha = hashlib.sha256(text).hexdigest()
        manifest = folder / MANIFEST
        _unlink(manifest)
        manifest.write_bytes(text)
        _fsync_file(manifest)
        manifest.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
        for inside in [p for p in folder.rglob("*") if p.is_dir()] + [folder]:
            _fsync_dir(inside)
        name = f"snap-{version:06d}-{sha[:12]}"
        return SnapshotInfo(name, version, sha, created, self.snapshots / name, contents)

    def move_in(self, work: Work, sealed: Sequence[tuple[Path, SnapshotInfo]], mark: Mark = _no_mark) -> None:
        """Move sealed folders to their places and point to the last of them: all or nothing."""
        current = sealed[-1][1]
        self.journal.append("publish", work.id, snapshots=[info.id for _, info in sealed])
        mark("move")
        moved: list[tuple[Path, SnapshotInfo]] = []
        try:
            for folder, info in sealed:
                folder.rename(info.path)
                moved.append((folder, info))
            _fsync_dir(self.snapshots)
            mark("point")
            self._point(current)
        except BaseException:
            # The pointer decides: a disk that fails right after it moved has published all the same.
            if self._read_pointer()[0] != current.id:
                for folder, info in moved:
                    info.path.rename(folder)
                raise
            work.snapshot = current.id
            raise
        work.snapshot = current.id
        self._verdicts[current.id] = _Verdict(current, "", _stamp(current.path))

    def _point(self, info: SnapshotInfo) -> None:
        text = json.dumps({"snapshot": info.id, "sha256": info.sha256, "version": info.version})
        temporary = self.home / f".CURRENT-{uuid.uuid4().hex}"
        try:
            with temporary.open("w", encoding="utf-8") as handle:
                handle.write(text + "\n")
                handle.flush()
                os.fsync(handle.fileno())
            _retry_replace(temporary, self.pointer)
        finally:
            _unlink(temporary)
        _fsync_dir(self.home)

    def prune(self, current: SnapshotInfo, mark: Mark = _no_mark, *, spare: str = "") -> None:
        """Remove what is older than the newest `keep` sound snapshots, not `spare`; a damaged one is no way back and not counted.

        What cannot be removed now is left for next time.
        """
        mark("prune")
        sound = 0
        for name in self._names():
            if sound < self.keep:
                sound += self._checked(name)[0] is not None
                continue
            if name in (current.id, spare):
                continue
            # Out of sight first, so that a kill in the middle never leaves half a snapshot in the list.
            with contextlib.suppress(OSError):  # Windows: a reader still has it open.
                self._bury(name)
            self._verdicts.pop(name, None)

    def _bury(self, name: str) -> None:
        grave = self.staging / f"old-{uuid.uuid4().hex}"
        (self.snapshots / name).rename(grave)
        _remove_tree(grave)

    def _leave(self, work: Work) -> None:
        with contextlib.suppress(ValueError):
            self._works.remove(work)

    def _unsettled(self) -> bool:
        return bool(
            (self.staging.is_dir() and any(self.staging.iterdir()))
            or any(self.home.glob(".CURRENT-*"))
            or self._stray_logs()
            or self.journal.unfinished()
        )

    def _settle(self) -> Notices:
        """Bring a home that a writer left behind into order; the lock is held."""
        drafts = self._clear_staging()
        notices: Notices = []
        for log_file in self._stray_logs():
            quarantine = self.home / "quarantine"
            quarantine.mkdir(exist_ok=True)
            goal = quarantine / f"{log_file.parent.name}-{uuid.uuid4().hex[:8]}.wal"
            log_file.rename(goal)
            notices.append(
                Notice(
                    f"ย้ายบันทึก .wal ที่ค้างข้าง {log_file.parent.name} ไปที่ {goal.name} ในโฟลเดอร์ quarantine แล้ว "
                    "ชุดข้อมูลนั้นครบถ้วนโดยไม่ต้องใช้",
                    f"moved a stray .wal beside {log_file.parent.name} to quarantine/{goal.name}; "
                    "the snapshot is complete without it",
                )
            )
        cut = []
        for run in self.journal.unfinished():
            pointed, fault = self._read_pointer()
            if run.drafted and fault is not None and not self.verify(run.drafted[-1]):
                # The pointer is gone and this snapshot is whole: readers may have taken it up already.
                info = self._manifest_info(run.drafted[-1])
                if info is not None:
                    self._point(info)
                    pointed = info.id
            if run.target and pointed == run.target:
                self.journal.append("end", run.id, state="done", snapshot=pointed)
                published = self._manifest_info(pointed)
                if published is not None and run.kind != "restore":  # which spares the one it replaced
                    self.prune(published)
                notices.append(
                    Notice(
                        f"งาน {run.kind} ที่เริ่ม {run.started} ถูกตัดหลังเผยแพร่ {pointed} แล้ว ข้อมูลครบถ้วน",
                        f"the {run.kind} started {run.started} was cut short after it had published {pointed}; "
                        "nothing is missing",
                    )
                )
                continue
            for name in run.drafted:
                if (self.snapshots / name).exists():
                    self._bury(name)
                    drafts.append(name)
            self.journal.append("end", run.id, state=ABORTED)
            cut.append(run)
        if cut or drafts:
            runs_th = ", ".join(f"{r.kind} ที่เริ่ม {r.started}" for r in cut)
            runs_en = ", ".join(f"{r.kind} started {r.started}" for r in cut)
            notices.insert(
                0,
                Notice(
                    (f"งานที่ถูกตัดกลางคัน: {runs_th} ไม่มีอะไรเผยแพร่ " if cut else "")
                    + f"ลบร่างที่ไม่เสร็จ {len(drafts)} รายการ ข้อมูลที่เผยแพร่แล้วอยู่ครบ",
                    (f"cut short: {runs_en}; nothing of it was published. " if cut else "")
                    + f"Removed {len(drafts)} unfinished drafts; everything published is untouched",
                ),
            )
        return notices

    def _stray_logs(self) -> Paths:
        """Write-ahead logs beside published databases, which were closed when they were published."""
        return [
            self.snapshots / name / f"{DATABASE}.wal"
            for name in self._names()
            if (self.snapshots / name / f"{DATABASE}.wal").exists()
        ]

    def _read_pointer(self) -> tuple[str | None, Notice | None]:
        """The snapshot `CURRENT` names, or what is wrong with it."""
        try:
            name = str(json.loads(self.pointer.read_text(encoding="utf-8"))["snapshot"])
            if not _NAME.fullmatch(name):
                raise ValueError(name)
            return name, None
        except FileNotFoundError:
            return None, Notice(
                "ไม่พบแฟ้มชี้ CURRENT จึงใช้ชุดข้อมูลล่าสุดที่สมบูรณ์ วิธีแก้: daomap rollback ID",
                "the pointer file CURRENT is missing, so the newest valid snapshot is used. "
                "To mend: daomap rollback ID",
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None, Notice(
                "แฟ้มชี้ CURRENT อ่านไม่ได้ จึงใช้ชุดข้อมูลล่าสุดที่สมบูรณ์ วิธีแก้: daomap rollback ID",
                "the pointer file CURRENT cannot be read, so the newest valid snapshot is used. "
                "To mend: daomap rollback ID",
            )

    def _tell(self, info: SnapshotInfo, notices: Notices) -> SnapshotInfo:
        for notice in notices:
            if notice.en not in self._told:
                self._told.add(notice.en)
                log.warning("%s", notice.en)
        return replace(info, notices=tuple(notices))

    def _clear_staging(self) -> Names:
        swept = []
        for leftover in sorted(self.staging.iterdir()) if self.staging.is_dir() else []:
            _remove_tree(leftover)
            swept.append(leftover.name)
        for leftover in sorted(self.home.glob(".CURRENT-*")):
            _unlink(leftover)
        return swept

    def _names(self) -> Names:
        """Folder names of snapshots, newest version first."""
        try:
            names = [p.name for p in self.snapshots.iterdir() if _NAME.fullmatch(p.name)]
        except FileNotFoundError:
            return []
        except OSError as error:
            # A home that may not be read is not an empty one.
            reason = error.strerror or str(error)
            raise StoreError(
                f"ใช้ {self.home} ไม่ได้: {reason} วิธีแก้: ให้สิทธิ์อ่าน หรือตั้ง DAOMAP_HOME ไปที่อื่น",
                f"cannot use {self.home}: {reason}. To mend: allow reading, or set DAOMAP_HOME",
            ) from error
        return sorted(names, key=lambda n: (_version(n), n), reverse=True)

    def _manifest_info(self, name: str) -> SnapshotInfo | None:
        folder = self.snapshots / name
        try:
            text = (folder / MANIFEST).read_bytes()
            sha = hashlib.sha256(text).hexdigest()
            match = _NAME.fullmatch(name)
            if match is None or sha[:12] != match.group(2):
                return None
            manifest = json.loads(text)
            return SnapshotInfo(
                name,
                int(manifest["version"]),
                sha,
                str(manifest["created"]),
                folder,
                dict(manifest["contents"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _checked(self, name: str) -> tuple[SnapshotInfo | None, str]:
        """A snapshot that can be used and "", or None and what is wrong; hashed when its database was touched."""
        stamp = _stamp(self.snapshots / name)
        known = self._verdicts.get(name)
        if known is not None and known.stamp == stamp and not known.stale():
            return known.info, known.fault
        info = self._manifest_info(name)
        damaged = [MANIFEST] if info is None else self.verify(name)
        if any(not file.startswith(LAYERS) for file in damaged):
            info = None
        elif info is not None and damaged:
            info = replace(info, damaged=tuple(damaged))
        verdict = _Verdict(info, ", ".join(damaged[:3]), stamp)
        self._verdicts[name] = verdict
        return verdict.info, verdict.fault


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What hashing a snapshot found, and the state of its folder then."""

    info: SnapshotInfo | None
    fault: str
    stamp: tuple[object, ...]
    at: float = field(default_factory=time.monotonic)

    def stale(self) -> bool:
        # Somebody may have mended it; not asked at every rerun, because hashing takes a moment.
        return bool(self.fault) and time.monotonic() - self.at > _RECHECK_S


def stamp_of(path: Path) -> tuple[int, ...] | None:
    """What the file system says of a file without reading it: changes whenever somebody writes to it."""
    try:
        fact = path.stat()
    except OSError:
        return None
    return fact.st_ino, fact.st_size, fact.st_mtime_ns, fact.st_ctime_ns


def _stamp(folder: Path) -> tuple[object, ...]:
    return tuple(stamp_of(folder / name) for name in (MANIFEST, DATABASE, f"{DATABASE}.wal"))


class _Lock:
    """Exclusive lock of a home, held by the operating system: a dead holder cannot keep it.

    The file's text only tells people who holds it. What Windows locks is a byte at 1 MiB, because it forbids
    reading locked bytes.
    """

    _BYTE = 1 << 20

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: BinaryIO | None = None

    def acquire(self) -> None:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
        handle = os.fdopen(descriptor, "r+b", buffering=0)
        deadline = time.monotonic() + 0.3
        while not self._try(handle):
            if time.monotonic() > deadline:
                holder = _read_holder(handle)
                handle.close()
                raise StoreBusy(
                    f"มีการนำเข้าข้อมูลอื่นทำงานอยู่ (โปรเซส {holder[0]} เริ่ม {holder[1]}) รอให้เสร็จแล้วลองใหม่",
                    f"another import is running (process {holder[0]}, started {holder[1]}); try again later",
                )
            time.sleep(0.05)
        self._handle = handle
        _held.add(self)
        # Only words for people: a full disk must not keep the sweep from making room.
        with contextlib.suppress(OSError):
            handle.seek(0)
            handle.truncate()
            handle.write(
                json.dumps(
                    {"pid": os.getpid(), "started": datetime.now(UTC).isoformat(timespec="seconds")}
                ).encode()
            )

    @classmethod
    def free(cls, handle: BinaryIO) -> bool:
        """Whether nobody holds the lock of this open file; it is let go of at once."""
        probe = cls(Path())
        if not probe._try(handle):
            return False
        probe._unlock(handle)
        return True

    def release(self) -> None:
        if self._handle is None:
            return
        _held.discard(self)
        handle, self._handle = self._handle, None
        with contextlib.suppress(OSError):
            handle.seek(0)
            handle.truncate()
            self._unlock(handle)
        handle.close()

    def _forget(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    if sys.platform == "win32":

        def _try(self, handle: BinaryIO) -> bool:
            import msvcrt

            handle.seek(self._BYTE)
            try:
                msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
            except OSError:
                return False
            return True

        def _unlock(self, handle: BinaryIO) -> None:
            import msvcrt

            handle.seek(self._BYTE)
            msvcrt.locking(handle.fileno(), msvcrt.LK_UNLCK, 1)

    else:

        def _try(self, handle: BinaryIO) -> bool:
            import fcntl

            try:
                fcntl.flock(handle.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        def _unlock(self, handle: BinaryIO) -> None:
            import fcntl

            fcntl.flock(handle.fileno(), fcntl.LOCK_UN)


_held: set[_Lock] = set()


def _forget_locks() -> None:
    # A forked worker must not keep the lock alive after its parent was killed.
    for lock in list(_held):
        lock._forget()
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_locks)


def _read_holder(handle: BinaryIO) -> tuple[str, str]:
    try:
        handle.seek(0)
        holder = json.loads(handle.read(4096))
        return str(holder["pid"]), str(holder["started"])
    except (OSError, ValueError, KeyError, TypeError):
        return "?", "?"


def store_error(error: OSError, home: Path) -> StoreError:
    """Say in words what the operating system refused."""
    if error.errno == errno.EFBIG:
        return StoreError(
            f"ไฟล์ใน {home} โตเกินขีดจำกัดของระบบ ชุดข้อมูลเดิมยังใช้ได้ วิธีแก้: เพิ่ม ulimit -f หรือ LimitFSIZE",
            f"a file in {home} may not grow further (limit of the system); the published snapshot is unchanged. "
            "To mend: raise ulimit -f or LimitFSIZE",
        )
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(
            f"ดิสก์เต็มที่ {home} ชุดข้อมูลเดิมยังใช้ได้ วิธีแก้: เพิ่มเนื้อที่แล้วทำใหม่",
            f"the disk of {home} is full; the published snapshot is unchanged. To mend: free some space",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StoreError(
            f"เขียนลง {home} ไม่ได้ ({error.strerror}) วิธีแก้: ให้สิทธิ์เขียน หรือตั้ง DAOMAP_HOME ไปที่อื่น",
            f"cannot write to {home} ({error.strerror}). To mend: allow writing, or set DAOMAP_HOME",
        )
    reason = error.strerror or str(error)
    return StoreError(f"ใช้ {home} ไม่ได้: {reason}", f"cannot use {home}: {reason}")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, as hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _version(name: str) -> int:
    match = _NAME.fullmatch(name)
    return int(match.group(1)) if match else 0


def _copy_on_write(base: SnapshotInfo, target: Path) -> None:
    """Bring the files of a snapshot into a draft; damaged layers stay behind.

    Layers, which can be drawn again, are shared by hard links. What cannot is copied, so that one bad block of the
    disk never reaches two snapshots.
    """
    for file in _files(base.path):
        name = file.relative_to(base.path).as_posix()
        if name == MANIFEST or name in base.damaged:
            continue
        goal = target / name
        goal.parent.mkdir(parents=True, exist_ok=True)
        if not name.startswith(LAYERS):
            shutil.copyfile(file, goal)
            continue
        try:
            os.link(file, goal)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise
            # No hard links on this file system.
            shutil.copyfile(file, goal)


def _files(folder: Path) -> Iterator[Path]:
    return (p for p in folder.rglob("*") if p.is_file())


def _same_file(a: Path, b: Path) -> bool:
    try:
        return a.samefile(b)
    except OSError:
        return False


def _unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        # Windows refuses to remove read-only files.
        path.chmod(stat.S_IWRITE | stat.S_IREAD)
        path.unlink(missing_ok=True)


def _remove_tree(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        for child in path.iterdir():
            _remove_tree(child)
        with contextlib.suppress(FileNotFoundError):
            path.rmdir()
    else:
        _unlink(path)


def _retry_replace(source: Path, target: Path) -> None:
    # A virus scanner or a reader may hold the pointer for a moment on Windows.
    for attempt in range(20):
        try:
            source.replace(target)
            return
        except PermissionError:
            if not _WINDOWS or attempt == 19:
                raise
            time.sleep(0.05)


def _fsync_file(path: Path) -> None:
    flags = os.O_RDWR if _WINDOWS else os.O_RDONLY
    descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fsync_dir(path: Path) -> None:
    if _WINDOWS:
        return  # Windows has no such thing; NTFS journals the rename.
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
