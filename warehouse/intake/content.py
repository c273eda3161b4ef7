"""Files of any size as numbered bytes: read where asked for, never held whole.

A world of night light has 11.6 GB. GDAL needs a few directories and the rows of Thailand of it, and asks for them by
position; so a file is a thing that answers "these bytes from there", whether it lies in memory, behind a descriptor or
inside a gzip stream. No name of a file is involved.
"""

from __future__ import annotations

import bisect
import contextlib
import hashlib
import io
import os
import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from warehouse.intake.faults import Refused, finding

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

Tell = Callable[[float], None]
"""Called with how far a job is, 0 to 1."""

_PIECE = 1 << 20
_STEP = 32 << 20


class Content(Protocol):
    """Bytes that can be asked for by position."""

    @property
    def size(self) -> int:
        """How many there are."""
        ...

    def pread(self, count: int, offset: int) -> bytes:
        """At most `count` bytes from `offset` on; fewer only at the end."""
        ...


class Held:
    """Bytes in memory, where a system cannot hand over an open file."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        return len(self._data)

    def pread(self, count: int, offset: int) -> bytes:
        return self._data[offset : offset + count]


class Opened:
    """A file behind a descriptor, which it closes.

    Parameters
    ----------
    descriptor : int
        Open for reading. Its position is neither used nor moved: it is shared with whoever handed it over.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._size = os.fstat(descriptor).st_size

    @property
    def size(self) -> int:
        return self._size

    @property
    def stamp(self) -> tuple[int, int]:
        """Changes when somebody writes to the file."""
        about = os.fstat(self._descriptor)
        return about.st_size, about.st_mtime_ns

    def pread(self, count: int, offset: int) -> bytes:
        parts: list[bytes] = []
        count = min(count, max(0, self._size - offset))
        while count > 0:
            part = os.pread(self._descriptor, count, offset)
            if not part:
                break
            parts.append(part)
            offset, count = offset + len(part), count - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Close the descriptor."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class Unpacked:
    """What a gzip file holds, without unpacking it anywhere.

    The stream is gone through once: its length and checksum become known, a truncated or damaged file is refused before
    anything of it is used, and every 32 MB the state of the unpacker (some 50 KB) is kept. To read somewhere, unpacking goes
    on from the state before it; what lies between is dropped. So nothing is written to a disk, and a stream that unpacks to
    16 GB takes 25 MB of memory.

    Parameters
    ----------
    packed : Content
    file : str
        Its name, for messages.
    most : int
        Bytes it may unpack to.
    tell : callable, optional
        Called with the share of the stream gone through.

    Raises
    ------
    Refused
        ``zip.size`` or ``intake.unreadable``.
    """

    def __init__(self, packed: Content, file: str, *, most: int, tell: Tell | None = None) -> None:
        self._packed = packed
        self._marks: list[tuple[int, int, Any]] = []
        self._state: _Stream = _Stream(packed)
        size, due = 0, 0
        try:
            while True:
                if size >= due:
                    self._marks.append((size, *self._state.save()))
                    due = size + _STEP
                    if tell is not None:
                        tell(self._state.at / max(packed.size, 1))
                piece = self._state.next()
                if piece is None:
                    break
                size += len(piece)
                if size > most:
                    raise Refused(finding("zip.size", file, f"> {most >> 20} MB", f"<= {most >> 20} MB"))
        except EOFError:
            raise Refused(finding("intake.unreadable", file, "gzip (EOF)", "gzip")) from None
        except zlib.error:
            raise Refused(finding("intake.unreadable", file, "gzip (zlib)", "gzip")) from None
        self._size = size
        # Where the stream stands, and what it gave last.
        self._from, self._piece = size, b""

    @property
    def size(self) -> int:
        return self._size

    def pread(self, count: int, offset: int) -> bytes:
        if offset >= self._size or count <= 0:
            return b""
        end = min(offset + count, self._size)
        self._go_to(offset)
        parts: list[bytes] = []
        while True:
            start = offset - self._from
            part = self._piece[start : start + end - offset]
            if part:
                parts.append(part)
                offset += len(part)
            if offset >= end:
                return parts[0] if len(parts) == 1 else b"".join(parts)
            self._advance()

    def _go_to(self, offset: int) -> None:
        """Have the piece that holds `offset`, from the nearest mark before it or from where the stream stands."""
        at, position, saved = self._marks[bisect.bisect_right(self._marks, offset, key=lambda m: m[0]) - 1]
        if not self._from <= offset or self._from < at:
            self._state = _Stream(self._packed, position, saved.copy())
            self._from, self._piece = at, b""
        while offset >= self._from + len(self._piece):
            self._advance()

    def _advance(self) -> None:
        piece = self._state.next()
        if piece is None:
            # The file was sound at the first pass, so somebody has changed it since.
            raise EOFError
        self._from += len(self._piece)
        self._piece = piece


class _Stream:
    """One pass through a gzip file of one or several members."""

    def __init__(self, packed: Content, at: int = 0, unpacker: Any = None) -> None:
        self._packed = packed
        self.at = at
        self._input = b""
        self._unpacker = unpacker if unpacker is not None else zlib.decompressobj(wbits=31)

    def save(self) -> tuple[int, Any]:
        """The position in the packed file and a copy of the unpacker's state."""
        return self.at - len(self._input), self._unpacker.copy()

    def next(self) -> bytes | None:
        """The next piece, None after the last; EOFError or zlib.error where the stream is no gzip."""
        while True:
            if self._unpacker.eof:
                # Another member may follow; zeros are padding.
                while not (rest := self._input.lstrip(b"\0")):
                    self._input = self._packed.pread(_PIECE, self.at)
                    self.at += len(self._input)
                    if not self._input:
                        return None
                self._input = rest
                self._unpacker = zlib.decompressobj(wbits=31)
            if not self._input:
                self._input = self._packed.pread(_PIECE, self.at)
                self.at += len(self._input)
                if not self._input:
                    raise EOFError
            piece: bytes = self._unpacker.decompress(self._input, _PIECE)
            self._input = self._unpacker.unused_data if self._unpacker.eof else self._unpacker.unconsumed_tail
            if piece:
                return piece


class View(io.RawIOBase):
    """A `Content` as a file with a position of its own, for libraries that want one.

    Attributes
    ----------
    error : Exception or None
        What went wrong inside a read: a library written in C may drop it.
    """

    def __init__(self, content: Content) -> None:
        super().__init__()
        self._content = content
        self._at = 0
        self.error: Exception | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._content.size)[whence]
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        count = self._content.size - self._at if size is None or size < 0 else size
        try:
            data = self._content.pread(count, self._at)
        except Exception as error:
            self.error = error
            return b""
        self._at += len(data)
        return data


def sha256_of(content: Content) -> str:
    """SHA-256 of all bytes, as hex."""
    digest = hashlib.sha256()
    at = 0
    while piece := content.pread(_PIECE, at):
        digest.update(piece)
        at += len(piece)
    return digest.hexdigest()


_NAME = "raster.tif"


@contextlib.contextmanager
def open_tiff(content: Content) -> Iterator[DatasetReader]:
    """Let rasterio's GDAL read a GeoTIFF by position.

    GDAL asks for one made-up name. Whatever other name it asks for, of a side file or one that stands in the file, does not
    exist: this file system has one file in it.

    Raises
    ------
    rasterio.errors.RasterioError
        Where it is no GeoTIFF.
    EOFError, zlib.error
        Where the content changed while it was read.
    """
    import rasterio

    views: list[View] = []

    def give(name: str, mode: str = "rb") -> View:
        if name.rsplit("/", 1)[-1] != _NAME or "w" in mode or "a" in mode or "+" in mode:
            raise FileNotFoundError(name)
        views.append(View(content))
        return views[-1]

    with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", GDAL_TIFF_INTERNAL_MASK="NO"):
        try:
            with rasterio.open(_NAME, driver="GTiff", opener=give) as opened:
                yield opened
        finally:
            for view in views:
                if view.error is not None:
                    raise view.error
