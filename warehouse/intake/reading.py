"""What a worker does once it is confined: requests in, tables or verdicts out.

No path reaches this module. The server opens the files and hands them over as open descriptors (as bytes where
the system has no descriptors to hand over), so that a worker reads the files of its jobs and cannot name another.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, BinaryIO

import pyarrow as pa

from warehouse.intake.columns import read_parquet
from warehouse.intake.confine import allow_cpu
from warehouse.intake.content import Content, Opened, Tell, sha256_of
from warehouse.intake.faults import Refused, finding
from warehouse.intake.frames import FrameError, Requests, write_frame
from warehouse.intake.kml import read_kml
from warehouse.intake.light import read_light
from warehouse.intake.raster import read_raster
from warehouse.intake.sheet import read_sheet
from warehouse.intake.text import read_csv
from warehouse.intake.vector import read_dbf, read_vector
from warehouse.report import Finding


def serve(requests: Requests, answers: BinaryIO) -> int:
    """Answer requests until the server closes its side."""
    while True:
        try:
            job, contents = requests.next()
        except FrameError:
            return 0
        allow_cpu(int(job["cpu_seconds"]))
        header, body = answer(job, contents, _Progress(answers, job["id"]))
        del contents
        write_frame(answers, header, body)


class _Progress:
    """Tells the server how far a job is, a few times a second at most."""

    def __init__(self, answers: BinaryIO, job: object) -> None:
        self._answers = answers
        self._job = job
        self._last = time.monotonic()

    def __call__(self, part: float) -> None:
        now = time.monotonic()
        if now - self._last >= 0.3:
            self._last = now
            write_frame(self._answers, {"id": self._job, "progress": part})


class _WithoutPandas(MetaPathFinder):
    """Lets pandas look not installed: Arrow and pyogrio would load it, a second of work and 40 MB a worker."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in ("pandas", "geopandas"):
            raise ModuleNotFoundError(fullname, name=fullname)
        return None


def warm_up(vector: bool, raster: bool) -> None:
    """Load what jobs need, so that nothing is imported on the clock of the first file."""
    sys.meta_path.insert(0, _WithoutPandas())
    pa.set_cpu_count(1)
    if vector:
        importlib.import_module("pyogrio.raw")
    if raster:
        # The two GDALs have different drivers; each finds its own list when it registers them.
        os.environ.update(json.loads(os.environ.get("DAOMAP_RASTER_SKIP", "{}")))
        rasterio = importlib.import_module("rasterio")
        for name in ("rasterio.io", "rasterio.warp", "rasterio.windows"):
            importlib.import_module(name)
        with rasterio.Env():
            pass
    _stream(read_csv(b"a,b\n1,2\n", "-", {})[0])


def answer(
    job: Mapping[str, Any], contents: Mapping[str, bytes | Content], tell: Tell | None = None
) -> tuple[dict[str, Any], memoryview | bytes]:
    """Do one job; whatever goes wrong with the file becomes a refusal that names it.

    Parameters
    ----------
    job : mapping
        ``id, kind, name, options``.
    contents : mapping of str to bytes or Content
        The file's bytes under ``""``, the other parts of a shapefile under their suffix; of a raster, what gives its bytes
        by position.
    tell : callable, optional
        Called with how far the job is, 0 to 1.
    """
    name: str = job["name"]
    facts: dict[str, Any] = {}
    found: list[Finding] = []
    body: memoryview | bytes = b""
    try:
        if "" not in contents:
            raise MemoryError
        data = contents[""]
        if isinstance(data, bytes):
            facts = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
            table, more, found = _from_bytes(job, data, {k: v for k, v in contents.items() if k})
        else:
            table, more, found = _by_position(job, data, facts, tell or (lambda _part: None))
        facts |= more
        body = _stream(table)
    except Refused as refused:
        found = [*found, *refused.findings]
    except MemoryError:
        found = [finding("intake.memory", name, "memory", "less")]
    except Exception as error:
        # A fault of ours or of a library: still a verdict on this file, not the end of the import.
        found = [finding("intake.unreadable", name, type(error).__name__, job["kind"])]
    except BaseException as error:
        # A Rust library that panics raises outside `Exception`; it has unwound, so the worker can go on.
        if type(error).__name__ != "PanicException":
            raise
        found = [finding("intake.unreadable", name, "panic", job["kind"])]
    header = {"id": job["id"], "facts": facts, "findings": [asdict(f) for f in found], "table": len(body) > 0}
    return header, body


Answer = tuple[pa.Table, dict[str, Any], list[Finding]]


def _from_bytes(job: Mapping[str, Any], data: bytes, others: Mapping[str, Any]) -> Answer:
    name: str = job["name"]
    if job["kind"] == "csv":
        return read_csv(data, name, job["options"])
    if job["kind"] == "vector":
        return read_vector(data, name, job["options"], others)
    if job["kind"] == "dbf":
        return read_dbf(data, name, job["options"])
    if job["kind"] == "sheet":
        return read_sheet(data, name, job["options"])
    if job["kind"] == "kml":
        return read_kml(data, name, job["options"])
    if job["kind"] == "parquet":
        return read_parquet(data, name, job["options"])
    raise ValueError(f"unknown reader {job['kind']!r}")


def _by_position(job: Mapping[str, Any], content: Content, facts: dict[str, Any], tell: Tell) -> Answer:
    name: str = job["name"]
    try:
        before = getattr(content, "stamp", None)
        facts |= {"sha256": sha256_of(content), "size": content.size}
        if job["kind"] == "raster":
            read = read_raster(content, name, job["options"])
        else:
            read = read_light(content, name, job["options"], tell)
        if getattr(content, "stamp", None) != before:
            # What was hashed may not be what was read.
            raise Refused(finding("intake.changed", name, "write", "-"))
        return read
    finally:
        if isinstance(content, Opened):
            content.close()


def _stream(table: pa.Table) -> memoryview:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return memoryview(sink.getvalue())
