"""Files that came through the web: kept in a private folder while they are looked at, read by a process of their own.

A file lies in ``uploads/<random>/`` of the data home, which only the account of the server may enter. The server holds a lock on
the folder for as long as somebody works with the file; a folder whose lock nobody holds belongs to a server that is gone and is
removed. What is done with the file is done by `warehouse.upload_job` in another process: the same steps as ``daomap import``,
without taking a turn from the people who read.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from warehouse.settings import ROOT
from warehouse.snapshots import StoreError, store_error

SECRET: Final = "DAOMAP_ADMIN_SECRET"  # noqa: S105 - the name of a variable
FOLDER: Final = "uploads"
REPORT: Final = "report.xlsx"
MAPPING: Final = "mapping.toml"
TOGETHER: Final = 4
"""All uploads of a home together may be this many times as large as one."""
FRESH_S: Final = 10.0
LONGEST_S: Final = 3600.0
"""A job that takes longer is ended: an hour is several times what the largest file allowed takes."""

SUFFIXES: Final[Mapping[str, tuple[str, ...]]] = {
    "table": (".csv", ".txt", ".tsv", ".xlsx", ".xls", ".ods", ".xlsb"),
    "tpmap": (".csv",),
    "neet": (".csv", ".txt", ".tsv", ".xlsx", ".xls", ".ods", ".xlsb"),
    "places": (".csv", ".txt", ".tsv", ".xlsx", ".xls", ".ods", ".xlsb", ".zip", ".geojson", ".json", ".gpkg", ".kml"),
    "villages": (".csv", ".txt", ".tsv", ".xlsx", ".xls", ".ods", ".xlsb", ".dbf", ".zip", ".geojson", ".json", ".gpkg"),
    "boundaries": (".zip", ".geojson", ".json", ".gpkg"),
    "nightlight": (".tif", ".tiff", ".gz", ".zip", ".csv"),
}  # fmt: skip
"""Kinds of import that a screen offers, with the endings of their files; what is in a file is looked at by its reader."""

_UNFIT: Final = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]|[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]')


def safe_name(name: str, kind: str) -> str:
    """The name a file is kept under: the last part of what the browser said, without signs a file system or a screen obeys.

    Raises
    ------
    StoreError
        When its ending is none of its kind's.

    Examples
    --------
    >>> safe_name("../../etc/ฝน 2563.csv", "table")
    'ฝน 2563.csv'
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    clean = " ".join(_UNFIT.sub(" ", last).split()).lstrip(".- ")
    stem, dot, ending = clean.rpartition(".")
    suffix = (dot + ending).lower()
    if suffix not in SUFFIXES[kind]:
        allowed = " ".join(SUFFIXES[kind])
        raise StoreError(
            f"ไฟล์ชนิด {suffix or '-'} ใช้ที่นี่ไม่ได้ วิธีแก้: ใช้ไฟล์ {allowed}",
            f"a file of the kind {suffix or '-'} cannot be used here. To mend: use one of {allowed}",
        )
    # Thai takes three bytes a letter, and a file's name may have 255.
    while len(stem.encode()) > 180:
        stem = stem[:-1]
    return f"{stem.strip() or 'upload'}{suffix}"


@dataclass(slots=True)
class Upload:
    """Files that came together, in a private folder that no other process touches while this one lives.

    Attributes
    ----------
    paths : tuple of Path
    sha256 : tuple of str
    size : int
        Bytes of all.
    """

    paths: tuple[Path, ...]
    sha256: tuple[str, ...]
    size: int
    folder: Path
    _lock: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(path.name for path in self.paths)

    def forget(self) -> None:
        """Take the files away and keep what was made of them."""
        for path in self.paths:
            path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Take the files and everything made of them away; again is no fault."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        shutil.rmtree(self.folder, ignore_errors=True)


class Uploads:
    """The private folder of a home.

    Parameters
    ----------
    home : Path
    most_bytes : int
        Largest file that is kept.
    """

    def __init__(self, home: Path, most_bytes: int) -> None:
        self.folder = home / FOLDER
        self.most_bytes = most_bytes

    def keep(self, files: Sequence[tuple[str, bytes]], kind: str) -> Upload:
        """Write what a browser sent into a folder of its own.

        Parameters
        ----------
        files : sequence of (str, bytes)
            Name and content.
        kind : str
            Key of `SUFFIXES`.

        Raises
        ------
        StoreError
            For a file that is too large, empty, of another kind or there twice, a folder that is full, or a disk that cannot
            be written.
        """
        named = [(safe_name(name, kind), data) for name, data in files]
        size = sum(len(data) for _, data in named)
        if len({name for name, _ in named}) < len(named):
            raise StoreError(
                "มีไฟล์ชื่อซ้ำ วิธีแก้: เลือกแต่ละไฟล์ครั้งเดียว", "two files have one name. To mend: choose each file once"
            )
        for name, data in named:
            if not data:
                raise StoreError(
                    f"{name}: ไฟล์ว่างเปล่า วิธีแก้: เลือกไฟล์ที่มีข้อมูล",
                    f"{name}: the file is empty. To mend: choose one with content",
                )
            if len(data) > self.most_bytes:
                most = self.most_bytes // 1_000_000
                raise StoreError(
                    f"{name}: ไฟล์ใหญ่เกิน {most} MB วิธีแก้: นำเข้าด้วยคำสั่ง daomap import {kind} FILE",
                    f"{name}: more than {most} MB. To mend: use daomap import {kind} FILE",
                )
        self.sweep()
        if self.held() + size > TOGETHER * self.most_bytes:
            raise StoreError(
                "ไฟล์ที่รอดำเนินการมีมากเกินไป วิธีแก้: ปิดงานที่ค้างอยู่แล้วลองใหม่",
                "too many files are waiting. To mend: finish or discard what is open, then try again",
            )
        try:
            return self._write(named, size)
        except OSError as error:
            raise store_error(error, self.folder.parent) from error

    def _write(self, files: Sequence[tuple[str, bytes]], size: int) -> Upload:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        place = self.folder / secrets.token_hex(16)
        place.mkdir(mode=0o700)
        lock = None
        try:
            lock = _lock(place)
            for name, data in files:
                with os.fdopen(
                    os.open(place / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
                ) as file:
                    file.write(data)
        except OSError:
            if lock is not None:
                os.close(lock)
            shutil.rmtree(place, ignore_errors=True)
            raise
        hashes = tuple(hashlib.sha256(data).hexdigest() for _, data in files)
        return Upload(tuple(place / name for name, _ in files), hashes, size, place, lock)

    @contextlib.contextmanager
    def room(self) -> Iterator[Path]:
        """A private folder for as long as the block runs; `sweep` removes it when the process was killed instead.

        Raises
        ------
        StoreError
            When the disk cannot be written.
        """
        place = self.folder / secrets.token_hex(16)
        lock = None
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            place.mkdir(mode=0o700)
            with contextlib.suppress(
                OSError
            ):  # where folders cannot be locked a sweep may come too early, and the work fails
                lock = _lock(place)
        except OSError as error:
            raise store_error(error, self.folder.parent) from error
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)
            if lock is not None:
                os.close(lock)

    def held(self) -> int:
        """Bytes of all files in the folder."""
        if not self.folder.is_dir():
            return 0
        return sum(_size(file) for file in self.folder.rglob("*"))

    def sweep(self) -> int:
        """Remove folders whose server is gone; how many there were."""
        gone = 0
        for place in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            try:
                if time.time() - place.stat().st_mtime < FRESH_S:
                    continue  # made just now, perhaps not locked yet
                lock = _lock(place)
            except OSError as error:
                if error.errno in (errno.EACCES, errno.EAGAIN):
                    continue  # somebody works with it
                lock = None
            shutil.rmtree(place, ignore_errors=True)
            if lock is not None:
                os.close(lock)
            gone += 1
        return gone


def _size(file: Path) -> int:
    try:
        return file.stat().st_size if file.is_file() else 0
    except OSError:
        return 0  # gone meanwhile


def _lock(place: Path) -> int:
    """An exclusive lock on a folder, held until the descriptor is closed or the process ends.

    Raises
    ------
    OSError
        ``EAGAIN`` when somebody holds it.
    """
    if sys.platform == "win32":
        raise OSError(errno.ENOSYS, "no confined reader here, so nothing is uploaded")
    import fcntl

    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


class Job:
    """Work that goes on in a process of its own and tells how far it is.

    Parameters
    ----------
    module : str
        Run with ``python -m``; asked on standard input, it answers with JSON lines.
    question : mapping
    home : Path
        Of the snapshots.

    Attributes
    ----------
    step, part : str, float
        What it is at, a key of the command line's steps, and how far all is, 0 to 1.
    answer : dict or None
        What it said in the end: ``done``, or ``failed`` with ``th`` and ``en``.
    """

    def __init__(self, module: str, question: Mapping[str, Any], home: Path) -> None:
        self.step, self.part = "read", 0.0
        self.answer: dict[str, Any] | None = None
        # Neither the secret nor the keys of the officers' desk are any business of an import.
        environment = {k: v for k, v in os.environ.items() if k != SECRET and not k.startswith("DAOMAP_DESK")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=environment | {"DAOMAP_HOME": str(home)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._thread = threading.Thread(target=self._follow, args=(question,), daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        """Whether it has ended, well or not."""
        return not self._thread.is_alive()

    def wait(self, seconds: float) -> bool:
        """Wait for the end; whether it came."""
        self._thread.join(seconds)
        return self.done

    def cancel(self) -> None:
        """End it now. A publication that is cut short leaves what is published as it was."""
        self._process.terminate()
        self._thread.join(10)
        if not self.done:
            self._process.kill()
            self._thread.join(10)

    def _follow(self, request: Mapping[str, Any]) -> None:
        ending = threading.Timer(LONGEST_S, self._process.kill)
        ending.daemon = True
        ending.start()
        try:
            assert self._process.stdin is not None and self._process.stdout is not None
            with contextlib.suppress(OSError):  # it ended before it listened; its silence is told below
                self._process.stdin.write(json.dumps(request))
                self._process.stdin.close()
            for line in self._process.stdout:
                said = json.loads(line)
                if "progress" in said:
                    self.step, self.part = said["progress"]
                else:
                    self.answer = said
        finally:
            self._process.wait()
            ending.cancel()
            if self.answer is None:
                self.answer = {
                    "failed": {
                        "th": "งานหยุดก่อนเสร็จ ชุดข้อมูลที่เผยแพร่ไม่เปลี่ยน วิธีแก้: ลองใหม่ หรือดูบันทึกของเซิร์ฟเวอร์",
                        "en": "the work ended before it was done; what is published has not changed. To mend: try again, "
                        "or look into the server's log",
                    }
                }


class UploadJob(Job):
    """A check or an import of an upload.

    Parameters
    ----------
    action : str
        ``check`` or ``publish``.
    arguments : sequence of str
        As of ``daomap import``, the kind first.
    home : Path
        Of the snapshots.
    """

    def __init__(self, action: str, arguments: Sequence[str], home: Path) -> None:
        self.action = action
        super().__init__("warehouse.upload_job", {"action": action, "arguments": list(arguments)}, home)
