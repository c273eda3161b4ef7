"""Taking archives apart, and telling kinds of file apart."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from warehouse.intake.faults import Refused
from warehouse.intake.kinds import content_kind, require, spoken
from warehouse.intake.zips import Archive, Rules


def packed(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def lying(data: bytes, size: int) -> bytes:
    """The same archive, its index and headers claiming `size` bytes for every member."""
    changed = bytearray(data)
    for magic, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = changed.find(magic)
        while start >= 0:
            changed[start + at : start + at + 4] = struct.pack("<I", size)
            start = changed.find(magic, start + 4)
    return bytes(changed)


def flagged(data: bytes, flag: int) -> bytes:
    changed = bytearray(data)
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = changed.find(magic)
        changed[start + at] |= flag
    return bytes(changed)


def named(name: str) -> bytes:
    info = zipfile.ZipInfo("placeholder.shp")
    info.filename = name
    return packed((info, b"x"))


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("a.shp")
    info.external_attr = 0o120777 << 16
    return info


def device() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("a.shp")
    info.external_attr = 0o020666 << 16
    return info


REFUSED = {
    "members": (packed(*((f"{i}.shp", b"x") for i in range(65))), "zip.members"),
    "climbs": (named("../a.shp"), "zip.name"),
    "climbs_inside": (named("a/../../b.shp"), "zip.name"),
    "absolute": (named("/etc/a.shp"), "zip.name"),
    "backslash": (named("a\\b.shp"), "zip.name"),
    "drive": (named("C:a.shp"), "zip.name"),
    "nul": (packed(("ab.shp", b"x")).replace(b"ab.shp", b"a\x00.shp"), "zip.name|intake.unreadable"),
    "control": (named("a\x1b[31m.shp"), "zip.name"),
    "line_break": (named("a.zip\n"), "zip.name"),
    "dot": (named("./a.shp"), "zip.name"),
    "double_slash": (named("a//b.shp"), "zip.name"),
    "right_to_left": (named("a\u202egpj.shp"), "zip.name"),
    "empty_name": (named(""), "zip.name|intake.unreadable"),
    "link": (packed((link(), b"/etc/passwd")), "zip.link"),
    "device": (packed((device(), b"")), "zip.link"),
    "encrypted": (flagged(packed(("a.shp", b"x")), 1), "zip.encrypted"),
    "nested_name": (packed(("a.shp", b"x"), ("b.zip", b"y")), "zip.nested"),
    "method": (packed(("a.shp", b"x" * 100), method=zipfile.ZIP_BZIP2), "zip.method"),
    "lzma": (packed(("a.shp", b"x" * 100), method=zipfile.ZIP_LZMA), "zip.method"),
    "ratio": (packed(("a.shp", b"\x00" * (4 << 20))), "zip.ratio"),
    "sum": (lying(packed(("a.shp", b"x" * 9), ("b.shp", b"y" * 9)), 3 << 20), "zip.size|zip.ratio"),
    "cut": (packed(("a.shp", b"x" * 9))[:-10], "intake.unreadable"),
    "no_zip": (b"PK\x03\x04" + b"x" * 60, "intake.unreadable"),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_archives_that_break_a_rule(name):
    data, codes = REFUSED[name]
    with pytest.raises(Refused) as refused:
        Archive(data, "f.zip", Rules(unpacked=4 << 20))
    assert refused.value.findings[0].code in codes.split("|")


def test_a_name_twice_is_refused():
    with pytest.warns(UserWarning, match="Duplicate"):
        data = packed(("a.shp", b"x"), ("a.shp", b"y"))
    with pytest.raises(Refused, match=r"zip\.name"):
        Archive(data, "f.zip")


def test_names_people_use_are_kept():
    names = ["แผนที่ ตำบล/ขอบเขต_ตำบล (2565).shp", "a b-c.d.dbf", "é.prj", "[Content_Types].xml"]
    assert list(Archive(packed(*((n, b"x") for n in names)), "f.zip").members) == names


@pytest.mark.parametrize("encoding", ["cp874", "utf-8"])
def test_thai_names_of_archives_without_the_mark(encoding):
    raw = "ตำบล.shp".encode(encoding)
    data = packed(("x" * len(raw), b"x")).replace(b"x" * len(raw), raw)
    assert list(Archive(data, "f.zip").members) == ["ตำบล.shp"]


def test_what_comes_out_is_counted_not_believed():
    # 40 MB behind a header that claims 1000 bytes, and 1000 bytes behind one that claims two megabytes.
    more = Archive(lying(packed(("a.shp", b"\x00" * (40 << 20))), 1000), "f.zip")
    assert more.members == {"a.shp": 1000}
    with pytest.raises(Refused):
        more.read("a.shp")
    less = Archive(lying(packed(("a.shp", bytes(range(250)) * 100)), 500_000), "f.zip")
    with pytest.raises(Refused):
        less.read("a.shp")


def test_the_budget_is_for_the_whole_archive():
    data = packed(("a.shp", b"x" * 800), ("b.shp", b"y" * 800))
    archive = Archive(data, "f.zip", Rules(unpacked=2000))
    archive.read("a.shp"), archive.read("b.shp")
    with pytest.raises(Refused, match=r"zip\.size"):
        archive.read("a.shp")


def test_an_archive_inside_under_another_name_is_refused():
    inner = packed(("c.shp", b"x"))
    archive = Archive(packed(("a.shp", inner)), "f.zip")
    with pytest.raises(Refused, match=r"zip\.nested"):
        archive.read("a.shp")


def test_damaged_members_are_refused():
    data = bytearray(packed(("a.shp", bytes(range(256)) * 20)))
    data[60:70] = b"\xff" * 10
    with pytest.raises(Refused, match=r"intake\.unreadable"):
        Archive(bytes(data), "f.zip").read("a.shp")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "empty"),
        (b"a,b\n1,2\n", "text"),
        ("ชื่อ,b\n".encode("cp874"), "text"),
        ("ชื่อ,b\n".encode("utf-16"), "text"),
        (b"a,b\n1,\x00\n", "text"),
        (b"\xef\xbb\xbf <?xml version='1.0'?><OGRVRTDataSource/>", "xml"),
        ("<VRTDataset/>".encode("utf-16"), "xml"),
        ("<VRTDataset/>".encode("utf-16-le"), "xml"),
        (b"<VRTDataset rasterXSize='64'>", "xml"),
        (b"<html><table>", "html"),
        (b"<!doctype HTML>", "html"),
        (b'{"type":"gdal_streamed_alg"}', "json"),
        (b"[\n {}]", "json"),
        (b"[code],name\n", "text"),
        (b"PK\x05\x06" + b"\x00" * 18, "zip"),
        (b"MM\x00+", "tiff"),
        (b"\x01\x02\x03\x04\x05\x06" * 50, "binary"),
    ],
)
def test_kinds_by_content(data, kind):
    assert content_kind(data) == kind


def test_content_is_held_against_the_name():
    assert require(b"a,b\n", "a.csv", frozenset({"text"})) == "text"
    for data, name in ((b"PK\x03\x04", "a.csv"), (b"<a/>", "a.csv"), (b"II*\x00", "a.zip")):
        with pytest.raises(Refused, match=r"intake\.kind"):
            require(data, name, frozenset({"text"}))
    # The reader would take the kind, but the name says another.
    with pytest.raises(Refused, match=r"intake\.kind"):
        require(b"II*\x00", "a.zip", frozenset({"tiff", "zip"}))
    # A name without a known suffix promises nothing: uploads are kept under names of our own.
    assert require(b"II*\x00", "0190f", frozenset({"tiff"})) == "tiff"
    assert spoken(b"<!-- x --><VRTDataset>") == "xml <VRTDataset>"
