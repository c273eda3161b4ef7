"""One file that holds everything published, and the way back from it.

The archive is a gzipped tar with the layout of a home, so that it can be looked into with any tool: ``backup.json``
first, then for each snapshot its manifest and after it every file the manifest names, in that order. Restoring goes
through the archive once, from its front to its end: each byte is hashed on its way into a private folder, and nothing
is moved before the last one was right.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import shutil
import stat
import tarfile
import uuid
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from warehouse.snapshots import DATABASE, MANIFEST, PRIVATE, SnapshotInfo, Store, StoreError, store_error

INDEX = "backup.json"
MAX_MANIFEST = 64 * 1024 * 1024
MAX_FILES = 200_000
MAX_BYTES = 64 * 1024**3
"""Of one snapshot. The edition of 2561 down to the subdistricts, with all boundaries, has 55 MB in 1,000 files."""

# gzip's header is covered by no checksum; ours is always this one: no name, no time, ordinary compression.
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LEVEL = 6
_SNAPSHOT = re.compile(r"snap-(\d{6,12})-([0-9a-f]{12})")
# No part of a path begins with a dot, so none can lead upwards; a log beside a database would be replayed into it.
_FILE = re.compile(r"(?!.*\.wal$)([A-Za-z0-9_-][A-Za-z0-9_.-]{0,80}/){0,5}[A-Za-z0-9_-][A-Za-z0-9_.-]{0,80}")
_SHA = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1 << 20

Progress = Callable[[str, float], None]
"""Called with ``backup``, ``verify`` or ``restore`` and how far it is, 0 to 1."""


class BackupError(StoreError):
    """An archive that cannot be written or must not be restored; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Archive:
    """What an archive holds.

    Attributes
    ----------
    snapshots : tuple of str
        Oldest first.
    current : str
        The one that was current when the backup was made.
    bytes, packed : int
        Of the files inside, and of the archive.
    """

    file: Path
    snapshots: tuple[str, ...]
    current: str
    created: str
    bytes: int
    packed: int


@dataclass(slots=True)
class _Entry:
    """A snapshot as the archive describes it, then as its files were found."""

    name: str
    manifest: bytes
    files: dict[str, tuple[str, int]]

    @property
    def contents(self) -> dict[str, Any]:
        return dict(json.loads(self.manifest)["contents"])


def _no_progress(_step: str, _part: float) -> None:
    pass


def backup(
    store: Store, file: Path | str, *, everything: bool = False, progress: Progress | None = None
) -> Archive:
    """Write the current snapshot, or every sound one, into one file.

    Works while people read and while an import runs: published folders never change. The archive is read back and
    compared before it gets its name, so a file of that name is always whole.

    Parameters
    ----------
    store : Store
    file : Path or str
        Must not exist yet; ends in ``.tar.gz``.
    everything : bool
        All sound snapshots instead of the current one.

    Raises
    ------
    BackupError
        When there is nothing to back up, a file of a snapshot is damaged, or the archive cannot be written.
    """
    target = Path(file)
    tell = progress or _no_progress
    if not target.name.endswith(".tar.gz"):
        raise BackupError(
            f"ชื่อไฟล์สำรอง {target.name} ต้องลงท้ายด้วย .tar.gz", f"a backup is named *.tar.gz, not {target.name}"
        )
    if target.exists():
        raise BackupError(
            f"มีไฟล์ {target} อยู่แล้ว ไม่เขียนทับ วิธีแก้: ใช้ชื่ออื่น",
            f"{target} exists and is not overwritten. To mend: choose another name",
        )
    temporary = target.with_name(f".{target.name}-{uuid.uuid4().hex}.part")
    try:
        for last in (False, False, True):
            try:
                current, chosen = _choose(store, everything)
                with _private(temporary) as handle:
                    _write(handle, current, chosen, tell)
                    handle.flush()
                    os.fsync(handle.fileno())
                break
            except FileNotFoundError:
                # Pruned by an import while it was read: begin again with what is there now.
                temporary.unlink(missing_ok=True)
                if last or not target.parent.is_dir():
                    raise
        found = inspect(temporary, progress=tell)
        temporary.rename(target)
        _fsync_folder(target.parent)
    except OSError as error:
        fault = store_error(error, target.parent)
        raise BackupError(fault.th, fault.en) from error
    finally:
        temporary.unlink(missing_ok=True)
    return replace(found, file=target)


def inspect(file: Path | str, *, progress: Progress | None = None) -> Archive:
    """Read an archive to its end, compare every hash, and write nothing.

    Raises
    ------
    BackupError
        Naming the first thing that is wrong with it.
    """
    return _read(Path(file), None, progress or _no_progress, "verify")[0]


def restore(
    store: Store, file: Path | str, *, force: bool = False, progress: Progress | None = None
) -> tuple[SnapshotInfo, bool]:
    """Publish what an archive holds.

    Its snapshots get the next numbers of the home, in their order and the one that was current last, so that numbers
    never go back; the files keep every byte.

    Parameters
    ----------
    store : Store
    file : Path or str
    force : bool
        Also into a home that has a current snapshot; that one stays for ``daomap rollback``.

    Returns
    -------
    tuple of SnapshotInfo and bool
        The current snapshot, and whether it is a new one: what is current already is not published again.

    Raises
    ------
    BackupError
        When the archive is damaged or not a backup, or the home has data and `force` is not set. Nothing is changed.
    StoreError
        When the home is busy or cannot be written.
    """
    source = Path(file)
    with store.work("restore") as work:
        draft = store.staging / uuid.uuid4().hex
        draft.mkdir()
        try:
            _, entries = _read(source, draft, progress or _no_progress, "restore")
            try:
                there = store.current()
            except StoreError:
                there = None  # nothing valid is left: this is what a backup is for
            last = entries[-1]
            if there is not None and not there.notices and _same(there, last):
                work.outcome = "nothing_new"
                return there, False
            if there is not None and not force:
                raise BackupError(
                    f"{store.home} มีข้อมูลอยู่แล้ว ({there.id}) วิธีแก้: เพิ่ม --force ชุดเดิมยังเรียกคืนได้ด้วย daomap rollback",
                    f"{store.home} has data already ({there.id}). To mend: add --force; the present snapshot stays "
                    "for daomap rollback",
                )
            work.contents(
                (str(i) for i in last.contents.get("imports", ())),
                (sha for sha, _ in last.files.values()),
                {"snapshots": len(entries)},
            )
            # None gets a lower number than it had, nor one that this home has used.
            version = max(store.next_version(), *(_number(e.name) - n for n, e in enumerate(entries)))
            sealed = []
            for place, entry in enumerate(entries):
                folder = draft / entry.name
                contents = entry.contents | {"restored": entry.name}
                sealed.append((folder, store.seal(folder, version + place, contents)))
            store.move_in(work, sealed)
            info = sealed[-1][1]
            store.prune(info, spare="" if there is None else there.id)
            return info, True
        finally:
            shutil.rmtree(draft, ignore_errors=True)


# -- writing ----------------------------------------------------------------


def _choose(store: Store, everything: bool) -> tuple[SnapshotInfo, list[SnapshotInfo]]:
    current = store.current()
    if current is None:
        raise BackupError(
            f"ยังไม่มีข้อมูลใน {store.home} วิธีแก้: สั่ง daomap build",
            f"there is no data in {store.home} yet. To mend: run daomap build",
        )
    if current.damaged:
        raise BackupError(
            f"ไฟล์ของ {current.id} เสียหาย ({current.damaged[0]}) วิธีแก้: สั่ง daomap build --force ก่อน",
            f"a file of {current.id} is damaged ({current.damaged[0]}). To mend: run daomap build --force first",
        )
    if not everything:
        return current, [current]
    others = [info for info in store.list()[::-1] if info.id != current.id and not store.verify(info.id)]
    return current, [*others, current]


def _write(handle: BinaryIO, current: SnapshotInfo, chosen: Sequence[SnapshotInfo], tell: Progress) -> None:
    manifests = {info.id: (info.path / MANIFEST).read_bytes() for info in chosen}
    index = {
        "format": 1,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "current": current.id,
        "snapshots": [
            {"name": info.id, "sha256": info.sha256, "size": len(manifests[info.id])} for info in chosen
        ],
    }
    total = sum(f["size"] for m in manifests.values() for f in json.loads(m)["files"].values())
    done = 0
    with (
        gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=handle, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        _add(archive, INDEX, json.dumps(index, indent=1).encode())
        for info in chosen:
            manifest = manifests[info.id]
            if hashlib.sha256(manifest).hexdigest() != info.sha256:
                raise _damaged_source(info.id, MANIFEST)
            _add(archive, f"snapshots/{info.id}/{MANIFEST}", manifest)
            for name, fact in json.loads(manifest)["files"].items():
                with (info.path / name).open("rb") as opened:
                    hashed = _Hashing(opened)
                    member = _member(f"snapshots/{info.id}/{name}", int(fact["size"]))
                    try:
                        archive.addfile(member, hashed)
                    except OSError as error:
                        if error.errno is None:  # tarfile's own: the file is shorter than its manifest says
                            raise _damaged_source(info.id, name) from error
                        raise
                    if hashed.digest.hexdigest() != fact["sha256"] or opened.read(1):
                        raise _damaged_source(info.id, name)
                done += int(fact["size"])
                tell("backup", done / max(total, 1))


def _damaged_source(snapshot: str, name: str) -> BackupError:
    return BackupError(
        f"ไม่สำรอง: {name} ของ {snapshot} ไม่ตรงกับที่เผยแพร่ วิธีแก้: สั่ง daomap check",
        f"not backed up: {name} of {snapshot} is not as published. To mend: run daomap check",
    )


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    private = f"/{PRIVATE}" in name
    member.size, member.mode, member.mtime = size, 0o400 if private else 0o444, 0
    return member


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    archive.addfile(_member(name, len(data)), io.BytesIO(data))


class _Plain(tarfile.TarInfo):
    """A member with nothing but a name and bytes; headers that announce longer names could be of any size."""

    @classmethod
    def frombuf(cls, buf: bytes, encoding: str, errors: str) -> _Plain:  # type: ignore[override]
        found = super().frombuf(buf, encoding, errors)
        if found.type != tarfile.REGTYPE:
            raise tarfile.ReadError(f"a member of type {found.type!r}")
        return found


class _Hashing(io.RawIOBase):
    """A file that is hashed while it is read."""

    def __init__(self, opened: BinaryIO) -> None:
        self._opened = opened
        self.digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        data = self._opened.read(size)
        self.digest.update(data)
        return data


def _private(path: Path) -> BinaryIO:
    """A new file that only its owner may read."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, stat.S_IRUSR | stat.S_IWUSR), "wb")


def _fsync_folder(path: Path) -> None:
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# -- reading ----------------------------------------------------------------


def _read(file: Path, draft: Path | None, tell: Progress, step: str) -> tuple[Archive, list[_Entry]]:
    """Go through an archive once; write its files below `draft`, or only hash them."""
    try:
        with file.open("rb") as opened:
            if opened.read(len(_GZIP_HEADER)) != _GZIP_HEADER:
                raise _refused(
                    file,
                    "ไม่ใช่ไฟล์สำรองของดาวแมป หรือส่วนหัวเสียหาย",
                    "not a backup of Daomap, or its head is damaged",
                )
            opened.seek(0)
            with gzip.GzipFile(fileobj=opened, mode="rb") as unpacked:
                return _members(file, unpacked, opened, draft, tell, step)
    except (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise _refused(file, f"เสียหายหรือไม่ครบ ({error})", f"damaged or cut off ({error})") from error
    except OSError as error:
        if draft is not None and not isinstance(error, FileNotFoundError):
            raise  # the home cannot be written
        reason = error.strerror or str(error)
        raise _refused(file, f"อ่านไม่ได้ ({reason})", f"it cannot be read ({reason})") from error


def _members(
    file: Path, unpacked: gzip.GzipFile, opened: BinaryIO, draft: Path | None, tell: Progress, step: str
) -> tuple[Archive, list[_Entry]]:
    packed = file.stat().st_size
    # The stream form never seeks, and reads no header before we have judged the one before it.
    with tarfile.open(fileobj=unpacked, mode="r|", tarinfo=_Plain) as archive:
        index, snapshots = _index(file, _whole(file, archive, INDEX, MAX_MANIFEST))
        entries: list[_Entry] = []
        total = 0
        for name, sha, size in snapshots:
            manifest = _whole(file, archive, f"snapshots/{name}/{MANIFEST}", size)
            if hashlib.sha256(manifest).hexdigest() != sha:
                raise _wrong(file, f"{name}/{MANIFEST}")
            entry = _Entry(name, manifest, _files(file, name, manifest))
            needed = sum(s for _, s in entry.files.values())
            if draft is not None and needed > shutil.disk_usage(draft).free:
                raise BackupError(
                    f"ดิสก์ของ {draft.parents[1]} เหลือไม่พอ ต้องใช้ {needed / 1e6:,.0f} MB ไม่มีอะไรเปลี่ยน",
                    f"the disk of {draft.parents[1]} is too full: {needed / 1e6:,.0f} MB are needed; nothing changed",
                )
            for member, (wanted, length) in entry.files.items():
                goal = None if draft is None else draft / name / member
                if _copy(file, archive, f"snapshots/{name}/{member}", length, goal) != wanted:
                    raise _wrong(file, f"{name}/{member}")
                total += length
                tell(step, min(opened.tell() / max(packed, 1), 1.0))
            entries.append(entry)
        more = archive.next()
        if more is not None:
            raise _refused(file, f"มี {more.name!r} ที่ไม่ควรมี", f"it holds {more.name!r}, which it should not")
    # To the very end: the last checksum covers everything, and nothing may follow it.
    if len(unpacked.read(_CHUNK)) == _CHUNK:
        raise _refused(file, "มีข้อมูลต่อท้าย", "something follows its end")
    found = Archive(
        file, tuple(e.name for e in entries), str(index["current"]), str(index["created"]), total, packed
    )
    return found, entries


def _index(file: Path, text: bytes) -> tuple[dict[str, Any], list[tuple[str, str, int]]]:
    try:
        index = json.loads(text)
        snapshots = [(str(s["name"]), str(s["sha256"]), int(s["size"])) for s in index["snapshots"]]
        names = [name for name, _, _ in snapshots]
        good = (
            index["format"] == 1
            and isinstance(index["created"], str)
            and 0 < len(names) <= 1000
            and len(set(names)) == len(names)
            and names[-1] == index["current"]
            and all(_known(name, sha) and 0 < size <= MAX_MANIFEST for name, sha, size in snapshots)
        )
    except (ValueError, KeyError, TypeError):
        good = False
    if not good:
        raise _wrong(file, INDEX)
    return index, snapshots


def _known(name: str, sha: str) -> bool:
    match = _SNAPSHOT.fullmatch(name)
    return match is not None and _SHA.fullmatch(sha) is not None and sha.startswith(match.group(2))


def _files(file: Path, name: str, manifest: bytes) -> dict[str, tuple[str, int]]:
    """Path, SHA-256 and size of the files of a snapshot; a path that could lead elsewhere refuses the archive."""
    try:
        parsed = json.loads(manifest)
        files = {str(k): (str(f["sha256"]), int(f["size"])) for k, f in parsed["files"].items()}
        good = (
            isinstance(parsed["contents"], dict)
            and DATABASE in files
            and len(files) <= MAX_FILES
            and max(size for _, size in files.values()) < 8 * 1024**3  # what a plain tar header can say
            and sum(size for _, size in files.values()) <= MAX_BYTES
            and all(size >= 0 and _SHA.fullmatch(sha) for sha, size in files.values())
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        good, files = False, {}
    if not good:
        raise _wrong(file, f"{name}/{MANIFEST}")
    for path in files:
        if path == MANIFEST or len(path) > 200 or not _FILE.fullmatch(path):
            raise _refused(
                file, f"มีชื่อไฟล์ที่ไม่รับ {path!r}", f"it names the file {path!r}, which no snapshot has"
            )
    return files


def _next(file: Path, archive: tarfile.TarFile, name: str) -> tarfile.TarInfo:
    member = archive.next()
    if member is None:
        raise _refused(file, f"ไม่ครบ ขาด {name}", f"it is cut off before {name}")
    if member.name != name:
        raise _refused(file, f"พบ {member.name!r} แทน {name}", f"it holds {member.name!r} in place of {name}")
    return member


def _whole(file: Path, archive: tarfile.TarFile, name: str, limit: int) -> bytes:
    member = _next(file, archive, name)
    opened = archive.extractfile(member)
    if member.size > limit or opened is None:
        raise _wrong(file, name)
    return opened.read()


def _copy(file: Path, archive: tarfile.TarFile, name: str, size: int, goal: Path | None) -> str:
    member = _next(file, archive, name)
    opened = archive.extractfile(member)
    if member.size != size or opened is None:
        raise _wrong(file, name)
    digest = hashlib.sha256()
    if goal is None:
        while data := opened.read(_CHUNK):
            digest.update(data)
        return digest.hexdigest()
    goal.parent.mkdir(parents=True, exist_ok=True)
    with _private(goal) if f"/{PRIVATE}" in name else goal.open("xb") as out:
        while data := opened.read(_CHUNK):
            digest.update(data)
            out.write(data)
    return digest.hexdigest()


def _wrong(file: Path, name: str) -> BackupError:
    return _refused(file, f"{name} ไม่ตรงกับค่าแฮช", f"{name} does not match its hash")


def _refused(file: Path, th: str, en: str) -> BackupError:
    return BackupError(
        f"ไม่กู้คืนจาก {file.name}: {th} ไม่มีอะไรเปลี่ยน วิธีแก้: ใช้ไฟล์สำรองอื่น",
        f"not restored from {file.name}: {en}; nothing changed. To mend: use another backup",
    )


def _number(name: str) -> int:
    match = _SNAPSHOT.fullmatch(name)
    return int(match.group(1)) if match else 0


def _same(there: SnapshotInfo, entry: _Entry) -> bool:
    """Whether a snapshot has the very files of an archived one."""
    manifest = json.loads((there.path / MANIFEST).read_text(encoding="utf-8"))
    return (
        not there.damaged
        and {name: (str(f["sha256"]), int(f["size"])) for name, f in manifest["files"].items()} == entry.files
    )
