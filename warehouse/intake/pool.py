"""The pool of reading workers: order kept, crashes and hangs turned into verdicts, the server's process
untouched.

Each worker is a Python process of its own behind two pipes. Paths go to it in batches (a TPMAP year is 2,710
small files; a round trip each would cost more than the reading), answers come back one by one. When a worker
dies or overruns its time, the job it was on is refused, a new worker takes the rest.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

import pyarrow as pa

from warehouse.intake.confine import ENVIRONMENT
from warehouse.intake.faults import finding
from warehouse.intake.frames import FrameError, read_frame, write_frame
from warehouse.intake.gdal import raster_skip_environment, skip_environment
from warehouse.report import Finding

_ROOT = Path(__file__).resolve().parent.parent.parent
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


class IntakeError(RuntimeError):
    """The workers cannot be started at all; nothing is known about any file."""


@dataclass(frozen=True, slots=True)
class Job:
    """One file to read.

    Attributes
    ----------
    kind : str
        ``"csv"``, ``"sheet"``, ``"vector"`` or ``"raster"``.
    options : mapping
        What the reader understands: ``delimiter``, ``header``, ``max_rows`` (csv); ``sheet``, ``header``,
        ``max_rows`` (sheet); ``layer`` (vector); ``bounds``, ``bands``, ``max_bytes`` (raster).
    """

    kind: str
    path: Path
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a job: a table, or the findings that speak against the file.

    Attributes
    ----------
    facts : dict
        ``sha256`` and ``size`` of the file; ``rows, encoding, delimiter`` (csv); ``rows, encoding, crs,
        layer, format`` (vector); `warehouse.intake.sheet.read_sheet` and
        `warehouse.intake.raster.read_raster` name theirs.
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
        batch: int = 48,
    ) -> None:
        if workers < 1:
            raise ValueError("at least one worker")
        self._count = workers
        self._timeout = timeout
        self._memory_mb = memory_mb
        self._max_bytes = max_bytes
        self._batch = batch
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._workers: list[_Worker] = []
        self._closed = False

    def __enter__(self) -> Self:
        self._workers = [_Worker(self._memory_mb) for _ in range(self._count)]
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
        """The confinement in force in the workers started so far, by name."""
        started = [worker.measures for worker in self._workers if worker.measures]
        return started[0] if started else ()

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
        handed_out = 0

        def launch() -> bool:
            nonlocal flying, handed_out
            batch = list(islice(numbered, self._batch))
            if not batch:
                return False
            flying += len(batch)
            handed_out += 1
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

    def __init__(self, memory_mb: int) -> None:
        self._memory_mb = memory_mb
        self._process: subprocess.Popen[bytes] | None = None
        self._loaded: frozenset[str] = frozenset()
        self.measures: tuple[str, ...] = ()

    def work(self, jobs: list[Job], timeout: float, max_bytes: int) -> Iterator[Result]:
        """Answer the jobs in order; ends early, after a refusal, when the process had to be replaced."""
        self._ensure({job.kind for job in jobs} & {"vector", "raster"})
        process = self._process
        assert process is not None
        pipe_in, pipe_out = cast(BinaryIO, process.stdin), cast(BinaryIO, process.stdout)
        request = [
            {
                "id": number,
                "kind": job.kind,
                "path": str(job.path.absolute()),
                "options": dict(job.options),
                "max_bytes": max_bytes,
                "cpu_seconds": max(1, round(timeout)),
            }
            for number, job in enumerate(jobs)
        ]
        watch = _Watch(process, timeout)
        number = 0
        try:
            write_frame(pipe_in, {"jobs": request})
            for number, job in enumerate(jobs):
                watch.restart()
                header, body = read_frame(pipe_out)
                if header.get("id") != number:
                    raise FrameError("answers out of order")
                table = pa.ipc.open_stream(body).read_all() if header["table"] else None
                found = tuple(Finding(**f) for f in header["findings"])
                yield Result(job, table, header["facts"], found)
        except (FrameError, OSError, pa.ArrowInvalid, KeyError, TypeError):
            watch.stop()
            self.stop()
            yield _verdict(jobs[number], watch.fired, process.returncode, timeout)
        finally:
            watch.stop()

    def _ensure(self, libraries: set[str]) -> None:
        """Have a living process that has loaded the libraries the jobs need."""
        alive = self._process is not None and self._process.poll() is None
        if alive and libraries <= self._loaded:
            return
        self.stop()
        self._loaded |= libraries
        environment = {key: os.environ[key] for key in _KEEP if key in os.environ}
        environment |= dict(ENVIRONMENT)
        environment |= {"PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1", "HOME": os.devnull, "LC_ALL": "C.UTF-8"}
        if "vector" in self._loaded:
            environment |= skip_environment()
        if "raster" in self._loaded:
            environment["DAOMAP_RASTER_SKIP"] = json.dumps(raster_skip_environment())
        command = [sys.executable, "-P", "-m", "warehouse.intake.worker", "--memory-mb", str(self._memory_mb)]
        command += [f"--{library}" for library in sorted(self._loaded)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=_ROOT,
        )
        errors = cast(BinaryIO, self._process.stderr)
        tail: list[bytes] = []
        threading.Thread(target=_drain, args=(errors, tail), daemon=True).start()
        watch = _Watch(self._process, 60.0)
        watch.restart()
        try:
            hello, _ = read_frame(cast(BinaryIO, self._process.stdout))
        except FrameError:
            self._process.wait()
            time.sleep(0.05)
            last = b"".join(tail).decode("utf-8", "replace").strip().splitlines()[-1:]
            raise IntakeError(f"a reading worker does not start: {' '.join(last) or 'no message'}") from None
        finally:
            watch.stop()
        self.measures = tuple(hello["hello"])

    def stop(self) -> None:
        """End the process, if any; closing its input is enough for a healthy one."""
        process, self._process = self._process, None
        if process is None:
            return
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

    def restart(self) -> None:
        self._deadline = time.monotonic() + self._seconds

    def stop(self) -> None:
        self._done.set()

    def _look(self) -> None:
        while not self._done.wait(max(0.02, self._deadline - time.monotonic())):
            if time.monotonic() >= self._deadline:
                self.fired = True
                self._process.kill()
                return


def _verdict(job: Job, timed_out: bool, code: int | None, timeout: float) -> Result:
    name = job.path.name
    # The processor-time limit ends a worker with SIGXCPU (24): a hang too, seen by the kernel first.
    if timed_out or code == -24:
        return Result(
            job, None, {}, (finding("intake.timeout", name, f"> {timeout:g} s", f"<= {timeout:g} s"),)
        )
    return Result(job, None, {}, (finding("intake.crashed", name, f"exit {code}", "exit 0"),))


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
