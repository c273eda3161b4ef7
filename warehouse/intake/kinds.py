"""What a file is by its first bytes, and whether that is what its name says.

A name proves nothing: a virtual layer called ``.geojson``, a web page called ``.xls`` and a zip called ``.csv``
are everyday finds. Every reader asks here first, so that each of them is refused under its true name before a
library decides for itself.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from warehouse.intake.faults import Refused, finding

#: First bytes -> kind. Order matters where one is the beginning of another.
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PK\x07\x08", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"SQLite format 3\x00", "sqlite"),
    (b"PAR1", "parquet"),
    (b"\x00\x00\x27\x0a", "shapefile"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"%PDF", "pdf"),
    (b"\x89PNG\r\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"RIFF", "riff"),
    (b"\x89HDF\r\n", "hdf5"),
    (b"\x0e\x03\x13\x01", "hdf4"),
    (b"CDF\x01", "netcdf"),
    (b"CDF\x02", "netcdf"),
    (b"\x7fELF", "program"),
    (b"ARROW1", "arrow"),
    (b"{\\rtf", "rtf"),
)
_JSON = re.compile(r"\s*(?:\{\s*(?:[\"}]|$)|\[\s*[\[{])")
_ELEMENT = re.compile(r"<\s*(?:[\w.-]+:)?([A-Za-z_][\w.-]{0,40})")

#: Suffix -> the kinds its content may be. A suffix that is not here promises nothing.
_PROMISES: Mapping[str, frozenset[str]] = {
    ".csv": frozenset({"text"}),
    ".tsv": frozenset({"text"}),
    ".txt": frozenset({"text"}),
    ".zip": frozenset({"zip"}),
    ".shp": frozenset({"shapefile"}),
    ".gpkg": frozenset({"sqlite"}),
    ".geojson": frozenset({"json"}),
    ".json": frozenset({"json"}),
    ".parquet": frozenset({"parquet"}),
    ".geoparquet": frozenset({"parquet"}),
    ".tif": frozenset({"tiff"}),
    ".tiff": frozenset({"tiff"}),
    ".gz": frozenset({"gzip"}),
    # A workbook behind a password is an OLE file under any of these names; the sheet reader says so.
    ".xlsx": frozenset({"zip", "ole"}),
    ".xlsm": frozenset({"zip", "ole"}),
    ".xlsb": frozenset({"zip", "ole"}),
    ".ods": frozenset({"zip"}),
    ".xls": frozenset({"ole"}),  # and never a zip: a renamed .xlsx is told so
    ".kml": frozenset({"xml"}),
    ".gml": frozenset({"xml"}),
    ".vrt": frozenset({"xml"}),
}


def content_kind(data: bytes) -> str:
    """The kind of a file by its content.

    Parameters
    ----------
    data : bytes
        The whole file or its beginning (4 KB are enough).

    Returns
    -------
    str
        ``zip, gzip, tiff, sqlite, parquet, shapefile, ole, json, xml, html, text`` and other names of common
        kinds; ``empty`` without a byte; ``text`` where nothing speaks against it, ``binary`` otherwise.

    Examples
    --------
    >>> content_kind(b"PK\\x03\\x04...."), content_kind(b" <OGRVRTDataSource>"), content_kind(b"a,b\\n1,2")
    ('zip', 'xml', 'text')
    """
    if not data:
        return "empty"
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    head = _text(data[:4096])
    if head is None:
        return "binary"
    start = head.lstrip("\ufeff\x00 \t\r\n")
    if re.match(r"<(?:!DOCTYPE\s+html|html|head|body|table|meta)\b", start, re.IGNORECASE):
        return "html"
    if re.match(r"<[?!A-Za-z]", start):
        return "html" if re.search(r"<html\b", start, re.IGNORECASE) else "xml"
    if _JSON.match(start):
        return "json"
    return "text"


def spoken(data: bytes) -> str:
    """`content_kind` with the name of the first element of an XML file, for messages.

    Examples
    --------
    >>> spoken(b"<?xml version='1.0'?><VRTDataset>")
    'xml <VRTDataset>'
    """
    kind = content_kind(data)
    if kind in ("xml", "html"):
        element = _ELEMENT.search(re.sub(r"<[?!][^>]*>", "", _text(data[:4096]) or ""))
        return f"{kind} <{element[1]}>" if element else kind
    return kind


def require(data: bytes, file: str, allowed: frozenset[str], code: str = "intake.kind") -> str:
    """The kind of `data`, where the reader takes that kind and the name does not claim another.

    Parameters
    ----------
    data : bytes
        The whole file or its beginning.
    file : str
        Its name; the last suffix counts.
    allowed : frozenset of str
        Kinds the reader takes.
    code : str
        Finding where the reader does not take the kind.

    Raises
    ------
    Refused
        ``intake.empty``, `code`, or ``intake.kind`` where name and content differ.
    """
    kind = content_kind(data)
    if kind == "empty":
        raise Refused(finding("intake.empty", file, "0 bytes", "> 0"))
    if kind not in allowed:
        raise Refused(finding(code, file, spoken(data), ", ".join(sorted(allowed))))
    promised = _PROMISES.get(PurePosixPath(file).suffix.lower())
    if promised is not None and kind not in promised:
        raise Refused(finding("intake.kind", file, spoken(data), ", ".join(sorted(promised))))
    return kind


def _text(head: bytes) -> str | None:
    """The beginning as characters for looking at its first signs only; None where it cannot be text."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    head = head.removeprefix(codecs.BOM_UTF8)
    # UTF-16 without its mark: a markup sign followed or preceded by NUL.
    for pair, encoding in ((b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be")):
        if head.startswith(pair):
            return head[: len(head) // 2 * 2].decode(encoding, "replace")
    control = sum(byte < 9 or 13 < byte < 32 for byte in head if byte not in (0x1A, 0x1B))
    # NUL in otherwise plain text has a finding of its own, with its row.
    if control - head.count(0) > max(1, len(head) // 50):
        return None
    return head.decode("latin-1")
