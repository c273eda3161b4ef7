"""Files by position: gzip without unpacking it anywhere, views that never share a position, one file in the world."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import random
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from warehouse.intake import content as module
from warehouse.intake.content import Held, Opened, Unpacked, View, open_tiff, sha256_of
from warehouse.intake.faults import Refused


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """States kept every few kilobytes, so that a small stream has many of them."""
    monkeypatch.setattr(module, "_STEP", 5_000)
    monkeypatch.setattr(module, "_PIECE", 1_024)


def test_gzip_by_position_gives_the_bytes_of_the_stream(small_steps: None) -> None:
    rng = random.Random(4)
    parts = [rng.randbytes(30_000), b"\0" * 50_000, bytes(range(256)) * 90, b"", b"end"]
    packed = b"".join(gzip.compress(part) for part in parts) + b"\0" * 700
    whole = b"".join(parts)
    unpacked = Unpacked(Held(packed), "f.gz", most=1 << 20)
    assert unpacked.size == len(whole)
    for _ in range(400):
        offset, count = rng.randrange(len(whole) + 50), rng.choice([0, 1, 7, 1_500, 40_000])
        assert unpacked.pread(count, offset) == whole[offset : offset + count], (offset, count)
    assert sha256_of(unpacked) == hashlib.sha256(whole).hexdigest()


@pytest.mark.parametrize(
    ("data", "most", "code"),
    [
        (gzip.compress(bytes(range(256)) * 100), 20_000, r"zip\.size"),
        (gzip.compress(bytes(range(256)) * 100)[:-9], 1 << 20, r"intake\.unreadable"),
        (gzip.compress(b"a" * 5000)[:-8] + b"\0\0\0\0" + b"\x88\x13\0\0", 1 << 20, r"intake\.unreadable"),
        (b"\x1f\x8b" + b"x" * 40, 1 << 20, r"intake\.unreadable"),
        (gzip.compress(b"a") + b"tail", 1 << 20, r"intake\.unreadable"),
        (b"", 1 << 20, r"intake\.unreadable"),
    ],
    ids=["too large", "cut", "wrong checksum", "noise", "noise behind", "nothing"],
)
def test_gzip_that_is_refused(data: bytes, most: int, code: str) -> None:
    with pytest.raises(Refused, match=code):
        Unpacked(Held(data), "f.gz", most=most)


def test_a_long_stream_takes_little_memory() -> None:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as writer:
        for _ in range(300):
            writer.write(b"\0" * (1 << 20))
        writer.write(b"here")
    tracemalloc.start()
    told: list[float] = []
    unpacked = Unpacked(Held(out.getvalue()), "f.gz", most=1 << 30, tell=told.append)
    assert unpacked.pread(10, 300 << 20) == b"here"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert unpacked.size == (300 << 20) + 4
    assert peak < 16 << 20, peak
    assert told == sorted(told) and told[0] < 0.1 and told[-1] > 0.8


def test_a_descriptor_is_read_without_moving_it(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(bytes(range(100)))
    descriptor = os.open(tmp_path / "f", os.O_RDONLY)
    os.lseek(descriptor, 9, os.SEEK_SET)
    opened = Opened(descriptor)
    assert opened.pread(5, 50) == bytes(range(50, 55)) and opened.pread(500, 98) == b"bc"
    assert opened.pread(5, 200) == b"" and opened.size == 100
    assert os.lseek(descriptor, 0, os.SEEK_CUR) == 9
    before = opened.stamp
    with (tmp_path / "f").open("ab") as other:
        other.write(b"more")
    assert opened.stamp != before
    opened.close()
    opened.close()
    with pytest.raises(OSError):
        os.fstat(descriptor)


def test_views_have_a_position_each_and_keep_their_error() -> None:
    data = Held(b"0123456789")
    one, two = View(data), View(data)
    assert one.read(3) == b"012" and two.read(2) == b"01" and one.read() == b"3456789"
    assert one.seek(-2, io.SEEK_END) == 8 and one.read(9) == b"89" and one.seek(-1, io.SEEK_CUR) == 9

    class Gone:
        size = 10

        def pread(self, count: int, offset: int) -> bytes:
            raise EOFError

    view = View(Gone())
    assert view.read(4) == b"" and isinstance(view.error, EOFError)


def test_gdal_sees_one_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "raster.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=3, height=2, count=1, dtype="uint8", crs="EPSG:4326",
        transform=from_origin(97, 21, 1, 1),
    ) as out:  # fmt: skip
        out.write(np.arange(6, dtype=np.uint8).reshape(1, 2, 3))
    content = Held(path.read_bytes())
    # Files of the very names GDAL would look for, where it would look for them.
    Path(f"{path}.aux.xml").write_text(
        "<PAMDataset><PAMRasterBand band='1'><Scale>7</Scale></PAMRasterBand></PAMDataset>"
    )
    path.write_bytes(b"changed")
    monkeypatch.chdir(tmp_path)
    with open_tiff(content) as opened:
        assert opened.read(1).tolist() == [[0, 1, 2], [3, 4, 5]]
        assert opened.scales == (1.0,)
