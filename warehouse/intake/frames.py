"""Frames on the pipe between the server and its reading workers.

A frame is two lengths, a JSON header and a body (an Arrow stream, or nothing). Both sides treat it as data:
nothing in a frame can name code, which is why it is not pickle. The lengths are bounded, so that a worker
gone wrong cannot make the server allocate without limit.
"""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

_LENGTHS = struct.Struct(">IQ")
MAX_HEADER = 64 << 20
MAX_BODY = 4 << 30


class FrameError(Exception):
    """The other side closed the pipe, or sent something that is not a frame."""


def write_frame(pipe: BinaryIO, header: dict[str, Any], body: bytes | memoryview = b"") -> None:
    """Send one frame and flush it."""
    text = json.dumps(header, ensure_ascii=False).encode("utf-8", "backslashreplace")
    pipe.write(_LENGTHS.pack(len(text), len(body)))
    pipe.write(text)
    if len(body):
        pipe.write(body)
    pipe.flush()


def read_frame(pipe: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """Read one frame.

    Raises
    ------
    FrameError
        When the pipe ends, the lengths are out of bounds or the header is not a JSON object.
    """
    header_length, body_length = _LENGTHS.unpack(_exactly(pipe, _LENGTHS.size))
    if header_length > MAX_HEADER or body_length > MAX_BODY:
        raise FrameError(f"frame of {header_length} + {body_length} bytes is over the limit")
    try:
        header = json.loads(_exactly(pipe, header_length))
    except ValueError as error:
        raise FrameError("header is not JSON") from error
    if not isinstance(header, dict):
        raise FrameError("header is not an object")
    return header, _exactly(pipe, body_length)


def _exactly(pipe: BinaryIO, length: int) -> bytes:
    parts: list[bytes] = []
    missing = length
    while missing:
        part = pipe.read(min(missing, 1 << 24))
        if not part:
            raise FrameError(
                "the pipe ended inside a frame" if parts or missing < length else "the pipe ended"
            )
        parts.append(part)
        missing -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
