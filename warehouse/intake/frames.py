"""What goes between the server and its reading workers.

Requests go over a socket pair, each with the open files of one job; answers come back as frames over a pipe. A
frame is two lengths, a JSON header and a body (an Arrow stream, or nothing). Both sides treat it as data:
nothing in a frame can name code, which is why it is not pickle. The lengths are bounded, so that a worker
gone wrong cannot make the server allocate without limit.
"""

from __future__ import annotations

import io
import json
import mmap
import os
import socket
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO, Protocol, cast

from warehouse.intake.content import Content, Held, Opened

_LENGTHS = struct.Struct(">IQ")
_LENGTH = struct.Struct(">I")
MAX_HEADER = 16 << 20
MAX_BODY = 1 << 30
#: Files of one job: a shapefile has five parts.
MAX_FILES = 8


class FrameError(Exception):
    """The other side closed the pipe, or sent something that is not a frame."""


class OversizedError(FrameError):
    """A frame claims to be larger than is accepted."""


def write_frame(pipe: BinaryIO, header: dict[str, Any], body: bytes | memoryview = b"") -> None:
    """Send one frame and flush it."""
    text = json.dumps(header, ensure_ascii=False).encode("utf-8", "backslashreplace")
    pipe.write(_LENGTHS.pack(len(text), len(body)))
    pipe.write(text)
    if len(body):
        pipe.write(body)
    pipe.flush()


def read_frame(pipe: BinaryIO, max_body: int = MAX_BODY) -> tuple[dict[str, Any], bytes | mmap.mmap]:
    """Read one frame.

    Parameters
    ----------
    pipe : BinaryIO
        Where it comes from.
    max_body : int
        Bytes of body that are accepted.

    Raises
    ------
    OversizedError
        When a length is over its limit; nothing more of the frame has been read.
    FrameError
        When the pipe ends or the header is not a JSON object.
    """
    header_length, body_length = _LENGTHS.unpack(_exactly(pipe, _LENGTHS.size))
    if header_length > MAX_HEADER or body_length > max_body:
        raise OversizedError(f"frame of {header_length} + {body_length} bytes is over the limit")
    try:
        header = json.loads(bytes(_exactly(pipe, header_length)))
    except (ValueError, RecursionError) as error:
        raise FrameError("header is not JSON") from error
    if not isinstance(header, dict):
        raise FrameError("header is not an object")
    return header, _exactly(pipe, body_length)


def _exactly(pipe: BinaryIO, length: int) -> bytes | mmap.mmap:
    if length <= 1 << 16:
        data = pipe.read(length)
        if len(data) != length:
            raise FrameError("the pipe ended inside a frame" if data else "the pipe ended")
        return data
    # Untouched pages cost nothing: a worker that claims a gigabyte and sends a byte takes one of them.
    whole = mmap.mmap(-1, length)
    view, at = memoryview(whole), 0
    while at < length:
        count = cast(io.BufferedReader, pipe).readinto(view[at : at + (1 << 24)])
        if not count:
            raise FrameError("the pipe ended inside a frame")
        at += count
    view.release()
    return whole


# -- requests ----------------------------------------------------------------------------------------


#: Kinds whose reader asks for bytes by position; a file of theirs is not read into memory.
BY_POSITION = frozenset({"raster", "light"})


class Requests(Protocol):
    """The worker's end: one job after the other."""

    def next(self) -> tuple[dict[str, Any], dict[str, bytes | Content]]:
        """The next job and the contents of its files by suffix (none where memory does not suffice);
        `FrameError` when there is no more.
        """
        ...


def send_job(channel: socket.socket, header: Mapping[str, Any], files: Mapping[str, int]) -> None:
    """Send a job with its open files.

    Parameters
    ----------
    channel : socket.socket
        The server's end of the socket pair.
    header : mapping
        Plain values.
    files : mapping of str to int
        Suffix -> descriptor, open for reading only.
    """
    text = json.dumps({**header, "files": list(files)}, ensure_ascii=True).encode()
    message = _LENGTH.pack(len(text)) + text
    sent = socket.send_fds(channel, [message], list(files.values()))
    if sent < len(message):
        channel.sendall(message[sent:])


class SocketRequests:
    """Jobs with descriptors, from a socket pair.

    Parameters
    ----------
    descriptor : int
        The worker's end.
    """

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)

    def next(self) -> tuple[dict[str, Any], dict[str, bytes | Content]]:
        """The next job; its files are read and closed here, unless its reader reads by position."""
        try:
            head, descriptors, _, _ = socket.recv_fds(self._socket, _LENGTH.size, MAX_FILES)
            try:
                while head and len(head) < _LENGTH.size:
                    head += self._some(_LENGTH.size - len(head))
                if not head:
                    raise FrameError("no more requests")
                header = json.loads(self._all(_LENGTH.unpack(head)[0]))
                contents: dict[str, bytes | Content] = {}
                try:
                    for suffix, descriptor in zip(header["files"], descriptors, strict=True):
                        if header["kind"] in BY_POSITION:
                            contents[suffix] = Opened(os.dup(descriptor))
                        else:
                            contents[suffix] = _contents(descriptor)
                except MemoryError:
                    contents = {}  # a verdict on this file, like running out of memory later
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)
        except (OSError, ValueError) as error:
            raise FrameError(str(error)) from None
        return header, contents

    def _some(self, most: int) -> bytes:
        part = self._socket.recv(most)
        if not part:
            raise FrameError("the request ended early")
        return part

    def _all(self, length: int) -> bytes:
        parts: list[bytes] = []
        while length:
            parts.append(self._some(length))
            length -= len(parts[-1])
        return b"".join(parts)


class PipeRequests:
    """Jobs with the bytes of their files, from a pipe: for systems that cannot hand over descriptors."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe

    def next(self) -> tuple[dict[str, Any], dict[str, bytes | Content]]:
        """The next job."""
        header, body = read_frame(self._pipe, MAX_BODY * 4)
        contents: dict[str, bytes | Content] = {}
        at = 0
        for suffix, length in zip(header["files"], header["lengths"], strict=True):
            data = bytes(body[at : at + length])
            contents[suffix] = Held(data) if header["kind"] in BY_POSITION else data
            at += length
        return header, contents


def _contents(descriptor: int) -> bytes:
    """The whole file, from its beginning; a file that grows meanwhile is read to the size it had."""
    size = os.fstat(descriptor).st_size
    with open(descriptor, "rb", buffering=0, closefd=False) as file:
        parts = [file.read(size)]
        while sum(map(len, parts)) < size and parts[-1]:
            parts.append(file.read(size - sum(map(len, parts))))
    return parts[0] if len(parts) == 1 else b"".join(parts)
