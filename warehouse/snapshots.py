"""Where snapshots rest and how one becomes the current one: staging folder, rename, pointer file.

A reader opens the folder that ``CURRENT`` names and never looks at staging. A writer holds ``lock``, builds a
complete folder under ``staging/``, renames it into ``snapshots/`` and moves the pointer last. A kill at any
moment leaves the old pointer.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import stat
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

MANIFEST = "manifest.json"
DATABASE = "warehouse.duckdb"
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
    """

    id: str
    version: int
    sha256: str
    created: str
    path: Path
    contents: dict[str, Any] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()

    @property
    def database(self) -> Path:
        return self.path / DATABASE


Infos = list[SnapshotInfo]
Notices = list[Notice]


class Staging:
    """A private draft of the next snapshot; leaving its context without publishing throws it away."""

    def __init__(self, store: Store, path: Path, base: SnapshotInfo | None, lock: _Lock) -> None:
        self.store = store
        self.path = path
        self.base = base
        self.published: SnapshotInfo | None = None
        self._lock = lock

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
            self._lock.release()
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
        self._sound: dict[str, SnapshotInfo] = {}

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

        The files are hashed once a process. When the pointer is missing, garbled or names a damaged snapshot,
        the newest valid one takes its place and the notices say so.
        """
        notices: Notices = []
        wanted: str | None = None
        try:
            pointer = json.loads(self.pointer.read_text(encoding="utf-8"))
            wanted = str(pointer["snapshot"])
            if not _NAME.fullmatch(wanted):
                raise ValueError(wanted)
        except FileNotFoundError:
            if self._names():
                notices.append(
                    Notice(
                        "ไม่พบแฟ้มชี้ CURRENT จึงใช้ชุดข้อมูลล่าสุดที่สมบูรณ์",
                        "the pointer file CURRENT is missing, so the newest valid snapshot is used",
                    )
                )
        except (OSError, ValueError, KeyError, TypeError):
            wanted = None
            notices.append(
                Notice(
                    "แฟ้มชี้ CURRENT อ่านไม่ได้ จึงใช้ชุดข้อมูลล่าสุดที่สมบูรณ์",
                    "the pointer file CURRENT cannot be read, so the newest valid snapshot is used",
                )
            )
        names = self._names()
        if wanted is not None:
            info, fault = self._checked(wanted)
            if info is not None:
                return info
            notices.append(
                Notice(
                    f"ชุดข้อมูล {wanted} เสียหาย ({fault}) จึงใช้ชุดก่อนหน้าที่สมบูรณ์",
                    f"snapshot {wanted} is damaged ({fault}), so the last valid one before it is used",
                )
            )
            # Going back first: a newer one may have been left on purpose by a rollback.
            version = _version(wanted)
            names = [n for n in names if _version(n) < version] + [n for n in names if _version(n) > version]
        for name in names:
            info, _ = self._checked(name)
            if info is not None:
                return _with_notices(info, notices)
        if names or wanted is not None:
            raise StoreError(
                f"ไม่มีชุดข้อมูลที่สมบูรณ์ใน {self.home} วิธีแก้: สั่ง daomap build",
                f"no valid snapshot in {self.home}. To mend: run daomap build",
            )
        return None

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
            except OSError:
                damaged.append(name)
        if (folder / f"{DATABASE}.wal").exists():
            damaged.append(f"{DATABASE}.wal")
        return damaged

    # -- writing ------------------------------------------------------------

    def open_staging(self, *, fresh: bool = False) -> Staging:
        """Take the lock and start a draft, as a copy of the current snapshot unless `fresh`.

        Raises
        ------
        StoreBusy
            At once, naming the process that holds the lock.
        """
        try:
            self.snapshots.mkdir(parents=True, exist_ok=True)
            self.staging.mkdir(parents=True, exist_ok=True)
            lock = _Lock(self.home / "lock")
            lock.acquire()
        except OSError as error:
            raise store_error(error, self.home) from error
        try:
            self._clear_staging()
            base = None if fresh else self.current()
            path = self.staging / uuid.uuid4().hex
            path.mkdir()
            if base is not None:
                _copy_on_write(base.path, path)
            return Staging(self, path, base, lock)
        except OSError as error:
            lock.release()
            raise store_error(error, self.home) from error
        except BaseException:
            lock.release()
            raise

    def sweep(self) -> Names:
        """Remove what a killed import left in staging and name it; nothing while an import runs."""
        if not self.staging.is_dir() or not any(self.staging.iterdir()):
            return []
        lock = _Lock(self.home / "lock")
        try:
            lock.acquire()
        except StoreBusy:
            return []
        except OSError as error:
            raise store_error(error, self.home) from error
        try:
            return self._clear_staging()
        finally:
            lock.release()

    def publish(self, staging: Staging, contents: dict[str, Any] | None = None) -> SnapshotInfo:
        """Make a finished draft the current snapshot.

        Parameters
        ----------
        staging : Staging
            Its database is closed and checkpointed.
        contents : dict, optional
            What is inside and which settings shaped it; kept in the manifest.
        """
        try:
            return self._publish(staging, contents or {})
        except OSError as error:
            raise store_error(error, self.home) from error

    def rollback(self, snapshot: str | None = None) -> SnapshotInfo:
        """Point to another published snapshot: the one named, else the newest valid one before this."""
        lock = _Lock(self.home / "lock")
        try:
            lock.acquire()
        except OSError as error:
            raise store_error(error, self.home) from error
        try:
            if snapshot is None:
                current = self.current()
                version = current.version if current is not None else 0
                older = [n for n in self._names() if _version(n) < version]
                for name in older:
                    if not self.verify(name):
                        snapshot = name
                        break
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
            self._point(info)
            return info
        except OSError as error:
            raise store_error(error, self.home) from error
        finally:
            lock.release()

    # -- inside ------------------------------------------------------------

    def _publish(self, staging: Staging, contents: dict[str, Any]) -> SnapshotInfo:
        wal = staging.path / f"{DATABASE}.wal"
        if wal.exists():
            # A snapshot with a log beside it is half a database: whoever wrote it has not closed it.
            raise StoreError("ฐานข้อมูลยังไม่ปิด (พบ .wal)", f"the database is not closed ({wal.name} found)")
        base_files: dict[str, Any] = {}
        if staging.base is not None:
            base_files = json.loads((staging.base.path / MANIFEST).read_text(encoding="utf-8"))["files"]
        files: dict[str, dict[str, Any]] = {}
        for file in sorted(p for p in staging.path.rglob("*") if p.is_file() and p.name != MANIFEST):
            name = file.relative_to(staging.path).as_posix()
            known = base_files.get(name)
            if known is not None and staging.base is not None and _same_file(file, staging.base.path / name):
                files[name] = known
                continue
            files[name] = {"sha256": file_sha256(file), "size": file.stat().st_size}
            _fsync_file(file)
            file.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
        version = max((_version(n) for n in self._names()), default=0) + 1
        created = datetime.now(UTC).isoformat(timespec="seconds")
        text = json.dumps(
            {"format": 1, "version": version, "created": created, "files": files, "contents": contents},
            ensure_ascii=False,
            indent=1,
            sort_keys=True,
        ).encode()
        sha = hashlib.sha256(text).hexdigest()
        manifest = staging.path / MANIFEST
        _unlink(manifest)
        manifest.write_bytes(text)
        _fsync_file(manifest)
        manifest.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
        for folder in [p for p in staging.path.rglob("*") if p.is_dir()] + [staging.path]:
            _fsync_dir(folder)
        name = f"snap-{version:06d}-{sha[:12]}"
        target = self.snapshots / name
        staging.path.rename(target)
        _fsync_dir(self.snapshots)
        info = SnapshotInfo(name, version, sha, created, target, contents)
        self._point(info)
        staging.published = info
        self._sound[name] = info
        self._prune(name)
        return info

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

    def _prune(self, current: str) -> None:
        for name in self._names()[self.keep :]:
            if name == current:
                continue
            # Out of sight first, so that a kill in the middle never leaves half a snapshot in the list.
            grave = self.staging / f"old-{uuid.uuid4().hex}"
            try:
                (self.snapshots / name).rename(grave)
            except OSError:
                continue  # Windows: a reader still has it open. The next publication tries again.
            _remove_tree(grave)
            self._sound.pop(name, None)

    def _clear_staging(self) -> Names:
        swept = []
        for leftover in sorted(self.staging.iterdir()):
            _remove_tree(leftover)
            swept.append(leftover.name)
        for leftover in sorted(self.home.glob(".CURRENT-*")):
            _unlink(leftover)
        return swept

    def _names(self) -> Names:
        """Folder names of snapshots, newest version first."""
        try:
            names = [p.name for p in self.snapshots.iterdir() if _NAME.fullmatch(p.name)]
        except OSError:
            return []
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
        known = self._sound.get(name)
        if known is not None and known.database.exists():
            return known, ""
        info = self._manifest_info(name)
        if info is None:
            return None, MANIFEST
        damaged = self.verify(name)
        if damaged:
            return None, ", ".join(damaged[:3])
        self._sound[name] = info
        return info, ""


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
        handle.seek(0)
        handle.truncate()
        handle.write(
            json.dumps(
                {"pid": os.getpid(), "started": datetime.now(UTC).isoformat(timespec="seconds")}
            ).encode()
        )
        self._handle = handle
        if hasattr(os, "register_at_fork"):
            # A forked worker must not keep the lock alive after its parent was killed.
            os.register_at_fork(after_in_child=self._forget)

    def release(self) -> None:
        if self._handle is None:
            return
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


def _read_holder(handle: BinaryIO) -> tuple[str, str]:
    try:
        handle.seek(0)
        holder = json.loads(handle.read(4096))
        return str(holder["pid"]), str(holder["started"])
    except (OSError, ValueError, KeyError, TypeError):
        return "?", "?"


def store_error(error: OSError, home: Path) -> StoreError:
    """Say in words what the operating system refused."""
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


def _with_notices(info: SnapshotInfo, notices: Notices) -> SnapshotInfo:
    return SnapshotInfo(
        info.id, info.version, info.sha256, info.created, info.path, info.contents, tuple(notices)
    )


def _copy_on_write(source: Path, target: Path) -> None:
    for file in _files(source):
        name = file.relative_to(source)
        if name.as_posix() == MANIFEST:
            continue
        goal = target / name
        goal.parent.mkdir(parents=True, exist_ok=True)
        if name.as_posix() == DATABASE:
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
