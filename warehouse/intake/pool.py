"""The pool of reading workers: order kept, crashes and hangs turned into verdicts, the server's process
untouched.

Each worker is a Python process of its own, confined by the operating system. The server opens the files of a
job and hands them over as descriptors, in batches (a TPMAP year is 2,710 small files; a round trip each would
cost more than the reading); answers come back one by one. When a worker dies, overruns its time or answers
nonsense, the job it was on is refused, a new worker takes the rest.
"""

from __future__ import annotations

import functools
import json
import mmap
import os
import queue
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

import pyarrow as pa

from warehouse.intake.confine import CONFINED, ENVIRONMENT, bubblewrap_command
from warehouse.intake.faults import Refused, finding
from warehouse.intake.frames import FrameError, OversizedError, read_frame, send_job, write_frame
from warehouse.intake.gdal import (
    REQUIRED_VECTOR,
    WANTED_RASTER,
    installed,
    raster_skip_environment,
    skip_environment,
)
from warehouse.report import Finding

_ROOT = Path(__file__).resolve().parent.parent.parent
_HANDS_OVER = hasattr(socket, "send_fds")
_MAX_FINDINGS = 1000
_MAX_TEXT = 500
#: The files a shapefile may consist of; the first is the one that is named.
SHAPE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_KEEP = (
    "PATH",
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "WINDIR",
    "TEMP",
    "TMP",
    "LD_LIBRARY_PATH",
    "COVERAGE_PROCESS_START",
)


#: Kinds that need a map library, and which.
_LIBRARY = {"vector": "vector", "dbf": "vector", "raster": "raster", "light": "raster"}


class IntakeError(RuntimeError):
    """The workers cannot be started at all; nothing is known about any file."""


@dataclass(frozen=True, slots=True)
class Job:
    """One file to read.

    Attributes
    ----------
    kind : str
        ``"csv"``, ``"sheet"``, ``"parquet"``, ``"dbf"``, ``"kml"``, ``"vector"``, ``"raster"`` or ``"light"``.
    options : mapping
        What the reader understands: ``delimiter``, ``header``, ``max_rows`` (csv); ``max_rows`` (parquet); ``sheet``, ``header``,
        ``max_rows`` (sheet); ``layer`` (vector); ``bounds``, ``bands``, ``max_bytes`` (raster).
    progress : callable, optional
        Called, from another thread, with how far a long reading is, 0 to 1.
    max_bytes : int, optional
        Largest size of this file, where it is less than the intake allows.
    """

    kind: str
    path: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    progress: Callable[[float], None] | None = field(default=None, compare=False)
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a job: a table, or the findings that speak against the file.

    Attributes
    ----------
    facts : dict
        ``sha256`` and ``size`` of the file; ``rows, encoding, delimiter`` (csv); ``rows, encoding, crs,
        layer, format`` (vector); `warehouse.intake.sheet.read_sheet`, `warehouse.intake.raster.read_raster` and
        `warehouse.intake.light.read_light` name theirs.
    findings : tuple of Finding
        Every finding, the refusals among them.
    """

    job: Job
    table: pa.Table | None
    facts: dict[str, Any]
    findings: tuple[Finding, ...] = ()

    @property
    def refusal(self) -> Finding | None:
        """The first reason the file was turned away, or None."""
        return next((f for f in self.findings if f.severity == "reject"), None)


@dataclass(frozen=True, slots=True)
class Confinement:
    """What the workers of this machine run under, found by starting one.

    Attributes
    ----------
    jail : str
        ``"landlock"``, ``"bubblewrap"`` or ``"none"``.
    measures : tuple of str
        Everything in force, by name.
    """

    jail: str
    measures: tuple[str, ...]

    @property
    def confined(self) -> bool:
        """Whether a worker reaches neither files nor the network."""
        return set(self.measures) >= CONFINED

    @property
    def uploads_allowed(self) -> bool:
        """Whether files may be taken from people who are not administrators of this machine.

        Importing from the command line goes on without confinement, because whoever does it could open the
        file anyway; a file that came through the web must not be opened then.
        """
        return self.confined

    def text(self, language: str = "th") -> str:
        """One line for a person: what holds, and what is missing."""
        thai = language == "th"
        missing = [words[0 if thai else 1] for name, words in _MISSING.items() if name not in self.measures]
        if self.confined:
            return f"ตัวอ่านไฟล์ถูกกักกันด้วย {self.jail}" if thai else f"file readers are confined by {self.jail}"
        if thai:
            return (
                f"ตัวอ่านไฟล์ทำงานโดยไม่มีการกักกันของระบบปฏิบัติการ ไฟล์ที่ไม่น่าไว้ใจอาจ{' และ'.join(missing)} "
                "จึงรับไฟล์ผ่านเว็บไม่ได้ วิธีแก้: ใช้ Linux 6.7 ขึ้นไป (Landlock) หรือติดตั้ง bubblewrap"
            )
        return (
            f"file readers run without confinement by the operating system: a hostile file might {' and '.join(missing)}, "
            "so nothing can be uploaded through the web. To mend: use Linux 6.7 or newer (Landlock), or install bubblewrap"
        )


_MISSING = {
    "files": ("อ่านไฟล์อื่นในเครื่อง", "read other files of this machine"),
    "network": ("ติดต่อเครือข่าย", "reach the network"),
}
JAILS = ("landlock", "bubblewrap", "none")


@functools.lru_cache(maxsize=1)
def strongest_jail() -> str:
    """The confinement this system has: Landlock that knows networks, else bubblewrap, else Landlock, else none."""
    version = 0
    if sys.platform == "linux":
        try:
            import landlockpy

            version = landlockpy.abi_version()
        except (ImportError, OSError):
            version = 0
    if version >= 4:
        return "landlock"
    if bubblewrap_works():
        return "bubblewrap"
    return "landlock" if version else "none"


@functools.lru_cache(maxsize=1)
def bubblewrap_works() -> bool:
    """Whether ``bwrap`` is installed and may make namespaces here; many containers forbid it."""
    if sys.platform != "linux" or shutil.which("bwrap") is None:
        return False
    try:
        tried = subprocess.run(
            ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"], capture_output=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return tried.returncode == 0


@functools.lru_cache(maxsize=1)
def confinement() -> Confinement:
    """What reading workers are held by on this machine. Starts a worker the first time (half a second).

    Raises
    ------
    IntakeError
        When no worker starts.
    """
    with Intake(workers=1) as intake:
        return Confinement(strongest_jail(), intake.measures)


class Intake:
    """Worker processes that open files, used as a context.

    Parameters
    ----------
    workers : int
        Processes to keep.
    timeout : float
        Seconds one file may take, on the clock and of processor time.
    memory_mb : int
        Address space of a worker, where the platform can limit it.
    max_bytes : int
        Largest file that is opened.
    max_answer : int
        Largest table that is accepted from a worker, in bytes.
    jail : str
        ``"landlock"``, ``"bubblewrap"`` or ``"none"``; the strongest this system has where absent.

    Examples
    --------
    >>> with Intake(workers=1) as intake:
    ...     [result] = intake.read([Job("csv", Path("no-such-file.csv"))])
    >>> result.table is None, result.refusal.code
    (True, 'intake.missing')
    """

    def __init__(
        self,
        workers: int = 2,
        *,
        timeout: float = 60.0,
        memory_mb: int = 4096,
        max_bytes: int = 256 << 20,
        max_answer: int = 1 << 30,
        batch: int = 48,
        jail: str | None = None,
    ) -> None:
        if workers < 1:
            raise ValueError("at least one worker")
        if jail not in (None, *JAILS):
            raise ValueError(f"no jail {jail!r}; there are {', '.join(JAILS)}")
        self._jail = jail
        self._max_answer = max_answer
        self._count = workers
        self._timeout = timeout
        self._memory_mb = memory_mb
        self._max_bytes = max_bytes
        self._batch = batch
        # The one last put back comes first: few files do not start a second process beside the one that runs.
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()
        self._workers: list[_Worker] = []
        self._closed = False

    def __enter__(self) -> Self:
        jail = self._jail or strongest_jail()
        self._workers = [_Worker(jail, self._memory_mb, self._max_answer) for _ in range(self._count)]
        for worker in self._workers:
            self._idle.put(worker)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        for worker in self._workers:
            worker.stop()

    @property
    def measures(self) -> tuple[str, ...]:
        """The confinement in force in the workers, by name; starts one where none has been started.

        Of several workers only what all of them have counts.
        """
        if self._workers and not self._closed and not any(worker.measures for worker in self._workers):
            worker = self._idle.get()
            try:
                worker.ensure(set())
            finally:
                self._idle.put(worker)
        started = [worker.measures for worker in self._workers if worker.measures]
        return tuple(m for m in started[0] if all(m in other for other in started)) if started else ()

    @property
    def confined(self) -> bool:
        """Whether a worker reaches neither files nor the network, held by the operating system."""
        return set(self.measures) >= CONFINED

    def read(self, jobs: Iterable[Job]) -> Iterator[Result]:
        """Read the files; results come in the order of `jobs`, each as soon as it and all before it are
        there.

        Only a few batches are under way at a time, so the memory taken does not grow with the number of
        files.
        """
        if not self._workers or self._closed:
            raise IntakeError("use Intake as a context: with Intake() as intake")
        numbered = iter(enumerate(jobs))
        results: queue.SimpleQueue[tuple[int, Result] | BaseException] = queue.SimpleQueue()
        ready: dict[int, Result] = {}
        stop = threading.Event()
        flying = 0
        awaited = 0

        def launch() -> bool:
            nonlocal flying
            batch = list(islice(numbered, self._batch))
            if not batch:
                return False
            flying += len(batch)
            threading.Thread(target=self._run, args=(batch, results, stop), daemon=True).start()
            return True

        try:
            for _ in range(self._count * 2):
                launch()
            while flying or awaited in ready:
                while awaited in ready:
                    yield ready.pop(awaited)
                    awaited += 1
                    if flying + len(ready) <= self._batch * (self._count * 2 - 1):
                        launch()
                if not flying:
                    continue
                got = results.get()
                if isinstance(got, BaseException):
                    raise got
                ready[got[0]] = got[1]
                flying -= 1
        finally:
            stop.set()

    def _run(
        self,
        batch: list[tuple[int, Job]],
        results: queue.SimpleQueue[tuple[int, Result] | BaseException],
        stop: threading.Event,
    ) -> None:
        """Take an idle worker through one batch, replacing it when it dies on a file."""
        worker = self._idle.get()
        try:
            left = list(batch)
            while left and not stop.is_set() and not self._closed:
                done = worker.work([job for _, job in left], self._timeout, self._max_bytes)
                for result in done:
                    number, _ = left.pop(0)
                    results.put((number, result))
        except BaseException as error:
            results.put(error)
        finally:
            self._idle.put(worker)


class _Worker:
    """One process and what is needed to start it again."""

    def __init__(self, jail: str, memory_mb: int, max_answer: int) -> None:
        self._jail = jail
        self._memory_mb = memory_mb
        self._max_answer = max_answer
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._loaded: frozenset[str] = frozenset()
        self.measures: tuple[str, ...] = ()

    def work(self, jobs: list[Job], timeout: float, max_bytes: int) -> Iterator[Result]:
        """Answer the jobs in order; ends early, after a refusal, when the process had to be replaced."""
        self.ensure({_LIBRARY[job.kind] for job in jobs if job.kind in _LIBRARY})
        number = done = 0
        # Jobs the worker has been sent and not answered yet. Where descriptors can be handed over, a whole
        # batch is under way: a round trip for each of thousands of small files would cost more than reading.
        ahead = len(jobs) if _HANDS_OVER else 1
        watch = _Watch(self._running, timeout)
        refused: dict[int, Finding] = {}
        try:
            while done < len(jobs):
                while number < len(jobs) and number - done < ahead:
                    try:
                        fault = self._send(number, jobs[number], timeout, max_bytes, fresh=number == 0)
                    except OSError:
                        if number == done:
                            if number == 0:
                                raise
                            # It died after its last answer: nobody's fault, and the rest goes to a new one.
                            self.stop(now=True)
                            return
                        # It died on a file sent before; its answers so far tell which.
                        ahead = 0
                        break
                    if fault is not None:
                        refused[number] = fault
                    number += 1
                job = jobs[done]
                if done in refused:
                    done += 1
                    yield Result(job, None, {}, (refused[done - 1],))
                    continue
                watch.restart(self._running)
                header, body = read_frame(cast(BinaryIO, self._running.stdout), self._max_answer)
                while "progress" in header:
                    # Words on the way do not buy a job more time.
                    if job.progress is not None:
                        job.progress(_share(header["progress"]))
                    header, body = read_frame(cast(BinaryIO, self._running.stdout), self._max_answer)
                result = _result(job, done, header, body, self._max_answer)
                done += 1
                yield result
        except OversizedError:
            self.stop(now=True)
            most = f"<= {self._max_answer >> 20} MB"
            fault = finding("intake.answer", jobs[done].path.name, f"> {self._max_answer >> 20} MB", most)
            yield Result(jobs[done], None, {}, (fault,))
        except (FrameError, OSError) as error:
            watch.stop()
            process = self._process
            self.stop(now=True)
            code = process.returncode if process is not None else None
            yield _verdict(jobs[done], watch.fired, code, timeout, isinstance(error, _MalformedError))
        finally:
            watch.stop()

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise FrameError("no process")
        return self._process

    def _send(self, number: int, job: Job, timeout: float, max_bytes: int, *, fresh: bool) -> Finding | None:
        """Open the files of a job and hand them over; a finding where there is nothing to hand over."""
        if job.kind in _LIBRARY and (fault := _too_old(job, self.measures)) is not None:
            return fault
        try:
            files = _open(job, max_bytes if job.max_bytes is None else min(max_bytes, job.max_bytes))
        except Refused as refused:
            return refused.findings[0]
        header = {
            "id": number,
            "kind": job.kind,
            "name": job.path.name,
            "options": dict(job.options),
            "cpu_seconds": max(1, round(timeout)),
        }
        try:
            try:
                self._hand_over(header, files)
            except OSError:
                if not fresh:
                    raise
                # It died while idle; that is no fault of this file.
                self.stop(now=True)
                self.ensure(set(self._loaded))
                self._hand_over(header, files)
        finally:
            for descriptor in files.values():
                os.close(descriptor)
        return None

    def _hand_over(self, header: dict[str, Any], files: dict[str, int]) -> None:
        if self._channel is not None:
            send_job(self._channel, header, files)
            return
        contents = {suffix: _whole(descriptor) for suffix, descriptor in files.items()}
        lengths = [len(content) for content in contents.values()]
        write_frame(
            cast(BinaryIO, self._running.stdin),
            {**header, "files": list(contents), "lengths": lengths},
            b"".join(contents.values()),
        )

    def ensure(self, libraries: set[str]) -> None:
        """Have a living process that has loaded the libraries the jobs need.

        Raises
        ------
        IntakeError
            When it does not start.
        """
        alive = self._process is not None and self._process.poll() is None
        if alive and libraries <= self._loaded:
            return
        self.stop()
        self._loaded |= libraries
        environment = {key: os.environ[key] for key in _KEEP if key in os.environ}
        environment |= dict(ENVIRONMENT)
        environment |= {"PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1", "HOME": os.devnull, "LC_ALL": "C.UTF-8"}
        try:
            if "vector" in self._loaded:
                environment |= skip_environment()
            if "raster" in self._loaded:
                environment["DAOMAP_RASTER_SKIP"] = json.dumps(raster_skip_environment())
        except (subprocess.SubprocessError, OSError) as error:
            raise IntakeError(f"the map libraries do not load: {error}") from None
        theirs: socket.socket | None = None
        if _HANDS_OVER:
            self._channel, theirs = socket.socketpair()
        # Something to knock at: the worker says whether it can still reach it.
        listener = socket.create_server(("127.0.0.1", 0), backlog=1)
        try:
            self._process = subprocess.Popen(
                _command(self._jail, self._memory_mb, sorted(self._loaded), listener.getsockname()[1]),
                stdin=subprocess.PIPE if theirs is None else theirs.fileno(),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                cwd=_ROOT,
            )
            self._greet(self._process)
        except OSError as error:
            raise IntakeError(f"a reading worker does not start: {error}") from None
        finally:
            listener.close()
            if theirs is not None:
                theirs.close()

    def _greet(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until the worker is confined and ready, and hear under which measures it stands."""
        tail: list[bytes] = []
        threading.Thread(target=_drain, args=(cast(BinaryIO, process.stderr), tail), daemon=True).start()
        watch = _Watch(process, 60.0)
        try:
            hello, _ = read_frame(cast(BinaryIO, process.stdout))
            measures = tuple(str(name)[:40] for name in hello["hello"])
        except (FrameError, OSError, KeyError, TypeError):
            process.kill()
            process.wait()
            time.sleep(0.05)
            last = b"".join(tail).decode("utf-8", "replace").strip().splitlines()[-1:]
            raise IntakeError(f"a reading worker does not start: {' '.join(last) or 'no message'}") from None
        finally:
            watch.stop()
        self.measures = ("bubblewrap", *measures) if self._jail == "bubblewrap" else measures

    def stop(self, *, now: bool = False) -> None:
        """End the process, if any; closing its input is enough for a healthy one."""
        process, self._process = self._process, None
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()
        if process is None:
            return
        if now and process.poll() is None:
            # What ended it, if anything has, is known within a moment; a worker gone wrong is not waited for.
            try:
                process.wait(timeout=0.05)
            except subprocess.TimeoutExpired:
                process.kill()
        for pipe in (process.stdin, process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:
                pass
        try:
            process.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _share(told: object) -> float:
    """How far a worker says it is; whatever else it says is nothing."""
    good = isinstance(told, (int, float)) and 0 <= told <= 1
    return float(cast(float, told)) if good else 0.0


class _MalformedError(FrameError):
    """What came is a frame, but no answer to a job."""


def _open(job: Job, max_bytes: int) -> dict[str, int]:
    """Descriptors of the job's file and, for a bare shapefile, of its other parts, by suffix.

    The server opens them because the worker cannot: it only ever holds what it was handed.
    """
    files = {"": _open_one(job.path, max_bytes)}
    try:
        if job.kind == "vector" and job.path.suffix.lower() == ".shp":
            for suffix in SHAPE_PARTS[1:]:
                for spelling in (suffix, suffix.upper()):
                    beside = job.path.with_suffix(spelling)
                    if suffix in files or not os.path.lexists(beside):
                        continue
                    # A stranger's folder may hold a .dbf that points at somebody else's file.
                    if beside.is_symlink() and beside.resolve().parent != job.path.resolve().parent:
                        raise Refused(finding("intake.link", beside.name, "->", beside.name))
                    files[suffix] = _open_one(beside, max_bytes)
    except Refused:
        for descriptor in files.values():
            os.close(descriptor)
        raise
    return files


def _open_one(path: Path, max_bytes: int) -> int:
    name = path.name
    try:
        # Without O_NONBLOCK a named pipe would hold the server until somebody writes to it.
        descriptor = os.open(
            path,
            os.O_RDONLY
            | getattr(os, "O_NONBLOCK", 0)
            | getattr(os, "O_CLOEXEC", 0)
            | getattr(os, "O_NOCTTY", 0)
            | getattr(os, "O_BINARY", 0),
        )
    except FileNotFoundError:
        raise Refused(finding("intake.missing", name, "-", name)) from None
    except (OSError, ValueError) as error:
        if path.is_dir():
            raise Refused(finding("intake.not_a_file", name, "folder", "file")) from None
        found = getattr(error, "strerror", None) or type(error).__name__
        raise Refused(finding("intake.unreadable", name, found, "file")) from None
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        os.close(descriptor)
        what = "folder" if stat.S_ISDIR(about.st_mode) else "device"
        raise Refused(finding("intake.not_a_file", name, what, "file"))
    if about.st_size > max_bytes:
        os.close(descriptor)
        found, wanted = f"{about.st_size} bytes", f"<= {max_bytes} bytes"
        raise Refused(finding("intake.too_large", name, found, wanted))
    return descriptor


def _whole(descriptor: int) -> bytes:
    with open(descriptor, "rb", closefd=False) as file:
        return file.read()


def _too_old(job: Job, measures: tuple[str, ...]) -> Finding | None:
    """The finding against a map or raster where the library that would read it is too old."""
    gdal = installed()
    if _LIBRARY[job.kind] == "vector" and gdal.vector_old:
        found, wanted = gdal.vector_version, REQUIRED_VECTOR
    elif _LIBRARY[job.kind] == "raster" and gdal.raster_old and not set(measures) >= CONFINED:
        found, wanted = gdal.raster_version, WANTED_RASTER
    else:
        return None
    dotted = ("GDAL " + ".".join(map(str, version)) for version in (found, wanted))
    return finding("intake.gdal_old", job.path.name, next(dotted), f">= {next(dotted)}")


def _command(jail: str, memory_mb: int, libraries: list[str], probe_port: int) -> list[str]:
    """How a worker is started."""
    command = [sys.executable, "-P", "-m", "warehouse.intake.worker", "--memory-mb", str(memory_mb)]
    command += ["--probe-port", str(probe_port)]
    command += [f"--{library}" for library in libraries]
    if jail != "landlock":
        command.append("--no-landlock")
    return [*bubblewrap_command(), *command] if jail == "bubblewrap" else command


def _result(
    job: Job, number: int, header: dict[str, Any], body: bytes | mmap.mmap, max_answer: int
) -> Result:
    """An answer as a result. Nothing of it is taken on trust: a file may have taken the worker over.

    Raises
    ------
    _MalformedError
        When it is not an answer to this job, or its table is not sound.
    """
    try:
        if header["id"] != number or not isinstance(header["facts"], dict):
            raise _MalformedError("not an answer to this job")
        found = tuple(_finding(about, job.path.name) for about in header["findings"][:_MAX_FINDINGS])
        table = None
        if header["table"]:
            batches: list[pa.RecordBatch] = []
            size = 0
            with pa.ipc.open_stream(pa.py_buffer(body)) as stream:
                schema = stream.schema
                if not all(_plain_type(field.type) for field in schema):
                    raise _MalformedError("columns that are no plain values")
                for batch in stream:
                    batch.validate(full=True)
                    size += batch.nbytes
                    if size > max_answer:
                        raise _MalformedError("unpacks to more than is accepted")
                    batches.append(batch)
            table = pa.Table.from_batches(batches, schema)
        elif not any(f.severity == "reject" for f in found):
            raise _MalformedError("neither a table nor a refusal")
    except (
        pa.ArrowException,
        OSError,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        MemoryError,
    ) as error:
        raise _MalformedError(str(error)) from None
    return Result(job, table, header["facts"], found)


def _finding(about: dict[str, Any], file: str) -> Finding:
    """A finding of a worker; the remedy is taken from our own list, the rest is cut to a line."""
    row, column = about["row"], about["column"]
    severity = about["severity"]
    if severity not in ("reject", "warn") or not (row is None or isinstance(row, int)):
        raise _MalformedError("not a finding")
    return finding(
        str(about["code"]),
        str(about["file"])[:300] if str(about["file"]).startswith(file) else file,
        str(about["found"])[:_MAX_TEXT],
        str(about["expected"])[:_MAX_TEXT],
        row=row,
        column=None if column is None else str(column)[:_MAX_TEXT],
        severity=severity,
    )


def _plain_type(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
    )


class _Watch:
    """Kills a process that lets too much time pass between two answers."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self._process = process
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._done = threading.Event()
        self.fired = False
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def restart(self, process: subprocess.Popen[bytes]) -> None:
        """Give `process` its time from now on."""
        self._process = process
        self._deadline = time.monotonic() + self._seconds

    def stop(self) -> None:
        """Stop looking."""
        self._done.set()

    def _look(self) -> None:
        while not self._done.wait(max(0.02, self._deadline - time.monotonic())):
            if time.monotonic() >= self._deadline:
                self.fired = True
                self._process.kill()
                return


def _verdict(job: Job, timed_out: bool, code: int | None, timeout: float, malformed: bool) -> Result:
    """Why a job has no answer."""
    name = job.path.name
    # bubblewrap reports the signal that ended its child as 128 + n, as shells do.
    if code is not None and code > 128:
        code = 128 - code
    # The processor-time limit ends a worker with SIGXCPU (24): a hang too, seen by the kernel first.
    if timed_out or code == -24:
        fault = finding("intake.timeout", name, f"> {timeout:g} s", f"<= {timeout:g} s")
    elif malformed:
        fault = finding("intake.answer", name, "malformed", "Arrow")
    else:
        fault = finding("intake.crashed", name, f"exit {code}", "exit 0")
    return Result(job, None, {}, (fault,))


def _drain(pipe: BinaryIO, tail: list[bytes]) -> None:
    """Read a worker's complaints so that it never blocks on them; only the end is kept."""
    while True:
        try:
            part = pipe.read1(4096) if hasattr(pipe, "read1") else pipe.read(4096)
        except (OSError, ValueError):
            return
        if not part:
            pipe.close()
            return
        tail.append(part)
        del tail[:-4]
