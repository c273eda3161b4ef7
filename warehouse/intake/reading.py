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
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, BinaryIO

import pyarrow as pa

from warehouse.intake.confine import allow_cpu
from warehouse.intake.faults import Refused, finding
from warehouse.intake.frames import FrameError, Requests, write_frame
from warehouse.intake.raster import read_raster
from warehouse.intake.sheet import read_sheet
from warehouse.intake.text import read_csv
from warehouse.intake.vector import read_vector
from warehouse.report import Finding


def serve(requests: Requests, answers: BinaryIO) -> int:
    """Answer requests until the server closes its side."""
    while True:
        try:
            job, contents = requests.next()
        except FrameError:
            return 0
        allow_cpu(int(job["cpu_seconds"]))
        header, body = answer(job, contents)
        del contents
        write_frame(answers, header, body)


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
    job: Mapping[str, Any], contents: Mapping[str, bytes]
) -> tuple[dict[str, Any], memoryview | bytes]:
    """Do one job; whatever goes wrong with the file becomes a refusal that names it.

    Parameters
    ----------
    job : mapping
        ``id, kind, name, options``.
    contents : mapping of str to bytes
        The file's bytes under ``""``, the other parts of a shapefile under their suffix.
    """
    name: str = job["name"]
    facts: dict[str, Any] = {}
    found: list[Finding] = []
    body: memoryview | bytes = b""
    try:
        if "" not in contents:
            raise MemoryError
        data = contents[""]
        facts = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        if job["kind"] == "csv":
            table, more, found = read_csv(data, name, job["options"])
        elif job["kind"] == "vector":
            table, more, found = read_vector(
                data, name, job["options"], {k: v for k, v in contents.items() if k}
            )
        elif job["kind"] == "sheet":
            table, more, found = read_sheet(data, name, job["options"])
        elif job["kind"] == "raster":
            table, more, found = read_raster(data, name, job["options"])
        else:
            raise ValueError(f"unknown reader {job['kind']!r}")
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


def _stream(table: pa.Table) -> memoryview:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return memoryview(sink.getvalue())
