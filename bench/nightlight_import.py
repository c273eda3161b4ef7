"""Import of a world of night light, 86,400 x 33,600 cells in float32, from the command to the published snapshot.

Three files as publishers send them: tiles compressed inside the GeoTIFF, plain rows, and plain rows in gzip. All cells are
there: 3 % of them are lit, the others zero. Memory is the highest sum of resident bytes of ``daomap import`` and its
workers, looked at 20 times a second; pages that processes share count once for each of them.

    python -m bench.nightlight_import            about 13 GB of disk while it runs
    python -m bench.nightlight_import tiles      one of tiles, rows, gzip
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import rasterio

from bench.machine import facts, size, table, tree_rss

WIDTH, HEIGHT = 86_400, 33_600
NAME = "VNL_v21_npp_2021_global_vcmslcfg_c202205302300.average_masked.dat.tif"
_PATTERNS = 48


def rows(width: int = WIDTH, height: int = HEIGHT) -> Iterator[bytes]:
    """Every row of the world, north to south: 3 % of the cells lit, in patches."""
    random = np.random.default_rng(1)
    patterns = []
    for _ in range(_PATTERNS):
        lit = np.repeat(random.random(width // 8) < 0.03, 8)
        light = np.where(lit, random.gamma(0.6, 9.0, lit.size), 0).astype("<f4")
        patterns.append(np.pad(light, (0, width - light.size)).tobytes())
    for row in range(height):
        yield patterns[row * 7 % _PATTERNS]


def header(width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """A BigTIFF directory for plain rows of float32 behind it, with the position the official files write."""
    step = 0.0041666667
    arrays = {
        33550: (12, struct.pack("<3d", step, step, 0.0)),
        33922: (12, struct.pack("<6d", 0, 0, 0, -180.00208333335, 75.00208333335, 0)),
        # GTModelType geographic, GTRasterType area, GeographicType EPSG:4326.
        34735: (3, struct.pack("<16H", 1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, 4326)),
    }
    plain = {256: width, 257: height, 258: 32, 259: 1, 262: 1, 277: 1, 278: 1, 284: 1, 339: 3}
    tags = sorted([*plain, *arrays, 273, 279])
    at = 16 + 8 + 20 * len(tags) + 8
    blocks, entries = b"", []
    start = at + sum(len(data) for _, data in arrays.values()) + 16 * height
    strips = {
        273: struct.pack(f"<{height}Q", *range(start, start + height * width * 4, width * 4)),
        279: struct.pack(f"<{height}Q", *([width * 4] * height)),
    }
    for tag in tags:
        if tag in plain:
            entries.append(struct.pack("<HHQQ", tag, 4, 1, plain[tag]))
            continue
        kind, data = arrays.get(tag) or (16, strips[tag])
        entries.append(
            struct.pack("<HHQQ", tag, kind, len(data) // {3: 2, 12: 8, 16: 8}[kind], at + len(blocks))
        )
        blocks += data
    directory = struct.pack("<Q", len(tags)) + b"".join(entries) + struct.pack("<Q", 0)
    return struct.pack("<2sHHHQ", b"II", 43, 8, 0, 16) + directory + blocks


def write(kind: str, folder: Path) -> Path:
    """One of the three files."""
    path = folder / (f"{NAME}.gz" if kind == "gzip" else NAME)
    if kind == "tiles":
        with rasterio.open(
            path, "w", driver="GTiff", width=WIDTH, height=HEIGHT, count=1, dtype="float32", crs="EPSG:4326",
            transform=rasterio.Affine(0.0041666667, 0, -180.00208333335, 0, -0.0041666667, 75.00208333335),
            tiled=True, blockxsize=512, blockysize=512, compress="lzw", BIGTIFF="YES",
        ) as out:  # fmt: skip
            every = rows()
            for start in range(0, HEIGHT, 512):
                count = min(512, HEIGHT - start)
                part = b"".join(next(every) for _ in range(count))
                cells = np.frombuffer(part, "<f4").reshape(count, WIDTH)
                out.write(cells, 1, window=rasterio.windows.Window(0, start, WIDTH, count))
        return path
    with path.open("wb") as out:
        if kind == "rows":
            _stream(out.write)
        else:
            packer = zlib.compressobj(1, zlib.DEFLATED, 31)
            _stream(lambda data: out.write(packer.compress(data)))
            out.write(packer.flush())
    return path


def _stream(put) -> None:  # type: ignore[no-untyped-def]
    put(header())
    for row in rows():
        put(row)


def imported(path: Path, home: Path) -> dict[str, float]:
    """Seconds and peak memory of one import."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "warehouse.cli", "import", "nightlight", str(path), "--json"],
        env=os.environ | {"DAOMAP_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    highest = 0
    while process.poll() is None:
        highest = max(highest, tree_rss(process.pid))
        time.sleep(0.05)
    seconds = time.perf_counter() - started
    report = json.loads(_all(process.stdout))
    if process.returncode != 0:
        raise RuntimeError(json.dumps(report["rejections"], ensure_ascii=False))
    return {"seconds": seconds, "memory": highest, "cells": report["facts"]["rasters"][0]["covered"]}


def _all(pipe: object) -> bytes:
    assert pipe is not None
    stream: BinaryIO = pipe  # type: ignore[assignment]
    return stream.read()


def main(kinds: list[str]) -> None:
    """Make, import and remove each file."""
    print(facts())
    out = []
    for kind in kinds or ["tiles", "rows", "gzip"]:
        with tempfile.TemporaryDirectory(prefix="daomap-bench-") as made:
            path = write(kind, Path(made))
            packed = path.stat().st_size
            found = imported(path, Path(made) / "home")
            out.append(
                [
                    kind,
                    size(packed),
                    f"{found['seconds']:.1f}",
                    size(int(found["memory"])),
                    f"{found['cells']:,}",
                ]
            )
    print(table(["file", "size", "seconds", "peak memory", "cells of Thailand"], out))


if __name__ == "__main__":
    main(sys.argv[1:])
