"""The process that opens strangers' files. Started by `warehouse.intake.pool`, never imported by the server
for reading.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import pyarrow as pa

from warehouse.intake.confine import allow_cpu, confine
from warehouse.intake.faults import Refused, finding
from warehouse.intake.frames import FrameError, read_frame, write_frame
from warehouse.intake.raster import read_raster
from warehouse.intake.sheet import read_sheet
from warehouse.intake.text import read_csv
from warehouse.intake.vector import SHAPE_PARTS, read_vector
from warehouse.report import Finding


def main(argv: list[str] | None = None) -> int:
    """Answer requests from standard input until it closes."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--memory-mb", type=int, default=4096)
    arguments.add_argument("--vector", action="store_true", help="load pyogrio's GDAL before the first file")
    arguments.add_argument("--raster", action="store_true", help="load rasterio's GDAL before the first file")
    chosen = arguments.parse_args(argv)
    requests, answers = _take_pipes()
    _warm_up(chosen.vector, chosen.raster)
    measures = confine(chosen.memory_mb)
    write_frame(answers, {"hello": list(measures), "pid": os.getpid()})
    while True:
        try:
            request, _ = read_frame(requests)
        except FrameError:
            return 0
        for job in request["jobs"]:
            allow_cpu(int(job["cpu_seconds"]))
            header, body = answer(job)
            write_frame(answers, header, body)


class _WithoutPandas(MetaPathFinder):
    """Lets pandas look not installed: Arrow and pyogrio would load it, a second of work and 40 MB a worker."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in ("pandas", "geopandas"):
            raise ModuleNotFoundError(fullname, name=fullname)
        return None


def _warm_up(vector: bool, raster: bool) -> None:
    """Load what jobs need, so that nothing is imported after confinement or on the clock of the first file."""
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


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The two pipes as private files; standard output becomes standard error, so that no library prints into
    a frame.
    """
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(0, os.O_BINARY)
        msvcrt.setmode(1, os.O_BINARY)
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return requests, answers


def answer(job: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Do one job; whatever goes wrong with the file becomes a refusal that names it."""
    path = Path(job["path"])
    name = path.name
    facts: dict[str, Any] = {}
    found: list[Finding] = []
    body = b""
    try:
        if not path.exists():
            raise Refused(finding("intake.missing", name, "-", name))
        if not path.is_file():
            raise Refused(finding("intake.not_a_file", name, "folder" if path.is_dir() else "device", "file"))
        size = path.stat().st_size
        if size > job["max_bytes"]:
            raise Refused(finding("intake.too_large", name, f"{size} bytes", f"<= {job['max_bytes']} bytes"))
        data = path.read_bytes()
        facts = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        if job["kind"] == "csv":
            table, more, found = read_csv(data, name, job["options"])
        elif job["kind"] == "vector":
            table, more, found = read_vector(data, name, job["options"], _beside(path))
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
    except OSError as error:
        found = [finding("intake.unreadable", name, error.strerror or type(error).__name__, "file")]
    except Exception as error:
        # A fault of ours or of a library: still a verdict on this file, not the end of the import.
        found = [finding("intake.unreadable", name, type(error).__name__, job["kind"])]
    except BaseException as error:
        # A Rust library that panics raises outside `Exception`; it has unwound, so the worker can go on.
        if type(error).__name__ != "PanicException":
            raise
        found = [finding("intake.unreadable", name, "panic", job["kind"])]
    header = {"id": job["id"], "facts": facts, "findings": [asdict(f) for f in found], "table": bool(body)}
    return header, body


def _beside(path: Path) -> dict[str, bytes]:
    """The other parts of a bare shapefile."""
    parts: dict[str, bytes] = {}
    if path.suffix.lower() == ".shp":
        for suffix in SHAPE_PARTS[1:]:
            for spelling in (suffix, suffix.upper()):
                if suffix not in parts and path.with_suffix(spelling).is_file():
                    parts[suffix] = path.with_suffix(spelling).read_bytes()
    return parts


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


if __name__ == "__main__":
    sys.exit(main())
