"""Taking zip archives apart: the rules every archive must keep, checked before and while it is unpacked.

An index is only a claim: names may climb out of the folder, sizes may lie, one small file may hold gigabytes.
Members are never written anywhere; they come as bytes, counted while they come.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from warehouse.intake.faults import Refused, finding

#: One part of a member's name: letters of any script, Thai vowels and tone marks (which are no letters to
#: Python), digits and the punctuation offices use. Never a separator, a colon or a control character.
_PART = re.compile(r"(?!\.{1,2}$)[\w\-. \u0e01-\u0e5b()\[\]{}+,&@#'!~$%=^;–—]{1,200}")
_NESTED = (".zip", ".7z", ".rar", ".gz", ".bz2", ".xz", ".tar", ".tgz", ".zst")
_INDEX_ENTRY = b"PK\x01\x02"
_PIECE = 1 << 20
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


@dataclass(frozen=True, slots=True)
class Rules:
    """What an archive may be.

    Attributes
    ----------
    members : int
        Files and folders at most.
    unpacked : int
        Bytes of all files together at most.
    ratio : int
        How many times its packed size a file may have, once it is larger than `free`.
    free : int
        Bytes below which the ratio does not matter: small texts shrink very well honestly.
    """

    members: int = 64
    unpacked: int = 512 << 20
    ratio: int = 100
    free: int = 1 << 20


UPLOAD = Rules()
#: A workbook is an archive of its own making: a part for every sheet, drawing and setting, all of them XML.
WORKBOOK = Rules(members=2000, unpacked=512 << 20, ratio=100, free=64 << 20)


class Archive:
    """A zip in memory that keeps the rules.

    Parameters
    ----------
    data : bytes
        The whole archive.
    file : str
        Its name, for messages.
    rules : Rules
        The limits.

    Raises
    ------
    Refused
        ``zip.members, zip.name, zip.link, zip.encrypted, zip.nested, zip.method, zip.size, zip.ratio`` or
        ``intake.unreadable``.

    Notes
    -----
    The sizes in the index are checked at once; what really comes out is counted by `read`, for each member
    and over the whole archive.
    """

    def __init__(self, data: bytes, file: str, rules: Rules = UPLOAD) -> None:
        self._file = file
        self._rules = rules
        self._left = rules.unpacked
        # Counted before the index is parsed: an index of millions of entries would fill the memory first.
        if data.count(_INDEX_ENTRY) > rules.members:
            raise Refused(
                finding("zip.members", file, f"{data.count(_INDEX_ENTRY)} files", f"<= {rules.members} files")
            )
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            infos = self._zip.infolist()
        except MemoryError:
            raise
        except Exception as error:  # BadZipFile, struct.error, UnicodeDecodeError ...: a damaged index
            raise Refused(
                finding("intake.unreadable", file, f"zip ({type(error).__name__})", "zip")
            ) from None
        self._members: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            name = self._checked(info)
            if not info.is_dir():
                self._members[name] = info
        total = sum(info.file_size for info in self._members.values())
        if total > rules.unpacked:
            raise Refused(finding("zip.size", file, f"{total >> 20} MB", f"<= {rules.unpacked >> 20} MB"))

    @property
    def members(self) -> Mapping[str, int]:
        """Name -> declared size of every file, in the order of the archive."""
        return {name: info.file_size for name, info in self._members.items()}

    def read(self, name: str) -> bytes:
        """The bytes of one member.

        Raises
        ------
        Refused
            When more comes out than declared or allowed, or the member is damaged or an archive itself.
        """
        content = b"".join(self.pieces(name))
        if content[:4] == b"PK\x03\x04":
            raise Refused(finding("zip.nested", self._file, name, "no archive inside an archive"))
        return content

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of one member, a megabyte at a time, counted against every limit.

        Raises
        ------
        Refused
            As `read`.
        """
        info = self._members[name]
        count = 0
        try:
            with self._zip.open(info) as opened:
                while piece := opened.read(_PIECE):
                    count += len(piece)
                    self._left -= len(piece)
                    if count > info.file_size or self._left < 0:
                        raise Refused(
                            finding("zip.size", self._file, f"{name} > {info.file_size}", str(info.file_size))
                        )
                    yield piece
        except (Refused, MemoryError):
            raise
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError) as error:
            raise Refused(
                finding("intake.unreadable", self._file, f"{name} ({type(error).__name__})", "zip")
            ) from None
        if count != info.file_size:
            raise Refused(finding("intake.unreadable", self._file, f"{name} {count}", str(info.file_size)))

    def _checked(self, info: zipfile.ZipInfo) -> str:
        """The member's name, where it keeps the rules that need nothing unpacked."""
        file, rules = self._file, self._rules
        name = _name(info)
        parts = name.rstrip("/").split("/")
        if not all(_PART.fullmatch(part) for part in parts) or name.startswith("/"):
            raise Refused(finding("zip.name", file, _shown(name), "folder/name.shp"))
        if name in self._members:
            raise Refused(finding("zip.name", file, f"{name} x 2", f"{name} x 1"))
        form = stat.S_IFMT(info.external_attr >> 16)
        if form not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise Refused(finding("zip.link", file, f"{name} ({stat.filemode(form)[:1]})", "file"))
        if info.is_dir():
            return name
        if info.flag_bits & 0x1 or info.flag_bits & 0x40:
            raise Refused(finding("zip.encrypted", file, name, "not encrypted"))
        if info.compress_type not in _METHODS:
            raise Refused(finding("zip.method", file, f"{name} ({info.compress_type})", "0, 8 (deflate)"))
        if PurePosixPath(name).suffix.lower() in _NESTED:
            raise Refused(finding("zip.nested", file, name, "no archive inside an archive"))
        packed = max(info.compress_size, 1)
        if info.file_size > rules.free and info.file_size > rules.ratio * packed:
            raise Refused(
                finding("zip.ratio", file, f"{name} x {info.file_size // packed}", f"<= x {rules.ratio}")
            )
        return name


def _name(info: zipfile.ZipInfo) -> str:
    """The member's name as its sender wrote it.

    A zip without the UTF-8 mark is read as code page 437 by the standard library; Windows in Thai writes
    Windows-874 there, and some programs write UTF-8 without saying so.
    """
    name = info.orig_filename
    if info.flag_bits & 0x800 or name.isascii():
        return name
    try:
        raw = name.encode("cp437")
    except UnicodeEncodeError:
        return name
    for encoding in ("utf-8", "cp874"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name


def _shown(name: str) -> str:
    """A hostile name, made fit for a message."""
    return "".join(c if c.isprintable() else "?" for c in name)[:120] or "(empty)"
