"""The "vector" reader: a boundary file as WKB and columns of text, with what is known of its projection and
encoding.

GDAL never gets a path: the reader takes the file's bytes, takes a zip apart itself, and hands GDAL a fresh
archive in memory that holds nothing but the parts of one shapefile under names of our own.
"""

from __future__ import annotations

import codecs
import io
import json
import re
import struct
import zipfile
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from warehouse.intake.faults import Refused, finding
from warehouse.intake.gdal import ALLOWED
from warehouse.intake.kinds import require, spoken
from warehouse.intake.zips import Archive
from warehouse.report import Finding

GEOMETRY = "geometry"
MAX_UNPACKED = 512 << 20
MAX_FEATURES = 1_000_000
SHAPE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_NEEDED = (".shp", ".shx", ".dbf")
_LATIN1 = "ISO-8859-1"
#: First byte of a dBASE table: III, IV and FoxPro, with or without memos.
_DBASE = frozenset({0x02, 0x03, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8B, 0xCB, 0xF5})
_KINDS = frozenset({"zip", "parquet", "sqlite", "shapefile", "json"})
#: Names of projections as the formats write them. Anything else (a URL, a path) is none of them.
_CRS_NAME = re.compile(r"(?:urn:ogc:def:crs:)?(?:EPSG|OGC|CRS|ESRI):[\w.]*:?[\w.]{1,20}", re.IGNORECASE)


def read_vector(
    data: bytes, file: str, options: Mapping[str, Any], beside: Mapping[str, bytes] | None = None
) -> tuple[pa.Table, dict[str, Any], list[Finding]]:
    """Read one layer of a zip, shapefile, GeoPackage, GeoJSON or GeoParquet.

    Parameters
    ----------
    data : bytes
        The file's bytes.
    file : str
        Its name, for messages.
    options : mapping
        ``layer``: which shapefile of a zip, or which layer of a GeoPackage.
    beside : mapping of str to bytes, optional
        The other parts of a bare shapefile, by suffix.

    Returns
    -------
    pyarrow.Table, dict, list of Finding
        Text columns and ``geometry`` (WKB). The facts name ``format``, ``layer``, ``crs`` (``EPSG:4326``,
        WKT, or None where the file does not say) and ``encoding`` (None where the file does not say: the
        text then holds the raw bytes as ISO-8859-1, one character a byte, for the caller to decode).
    """
    kind = require(data, file, _KINDS, "vector.kind")
    wanted = options.get("layer")
    if kind == "zip":
        return _zip(data, file, wanted)
    if kind == "parquet":
        return _parquet(data, file)
    if kind == "sqlite":
        return _geopackage(data, file, wanted)
    if kind == "shapefile":
        return _shapefile({**(beside or {}), ".shp": data}, PurePosixPath(file).stem, file)
    return _geojson(data, file)


def _zip(data: bytes, file: str, wanted: object) -> tuple[pa.Table, dict[str, Any], list[Finding]]:
    archive = Archive(data, file)
    visible = [
        name
        for name in archive.members
        if not PurePosixPath(name).name.startswith(".") and "__MACOSX" not in PurePosixPath(name).parts
    ]
    layers = [
        name
        for name in visible
        if name.lower().endswith((".shp", ".gpkg", ".geojson", ".json", ".parquet", ".geoparquet"))
    ]
    if not layers:
        names = ", ".join(sorted({PurePosixPath(name).suffix.lower() or name for name in visible})[:8])
        raise Refused(finding("vector.kind", file, names or "0 files", ".shp, .gpkg, .geojson, .parquet"))
    chosen = (
        [n for n in layers if wanted in (n, PurePosixPath(n).name, PurePosixPath(n).stem)]
        if wanted
        else layers
    )
    if len(chosen) != 1:
        names = ", ".join(sorted(PurePosixPath(n).name for n in layers)[:20])
        raise Refused(finding("vector.several", file, names, str(wanted) if wanted else "1"))
    name = chosen[0]
    if not name.lower().endswith(".shp"):
        return read_vector(archive.read(name), f"{file}/{PurePosixPath(name).name}", {})
    stem = name[:-4]
    shape: dict[str, bytes] = {}
    for member in visible:
        suffix = PurePosixPath(member).suffix.lower()
        if suffix in SHAPE_PARTS and member[: -len(suffix)] == stem:
            shape[suffix] = archive.read(member)
    require(shape[".shp"], PurePosixPath(name).name, frozenset({"shapefile"}), "vector.kind")
    return _shapefile(shape, PurePosixPath(stem).name, file)


def _shapefile(
    parts: dict[str, bytes], layer: str, file: str
) -> tuple[pa.Table, dict[str, Any], list[Finding]]:
    missing = [suffix for suffix in _NEEDED if not parts.get(suffix)]
    if missing:
        raise Refused(finding("vector.part_missing", file, ", ".join(sorted(parts)), ", ".join(_NEEDED)))
    declared_words = int.from_bytes(parts[".shp"][24:28], "big")
    if declared_words * 2 > len(parts[".shp"]):
        raise Refused(
            finding("vector.counts", file, f".shp {len(parts['.shp'])}", f".shp {declared_words * 2}")
        )
    shapes = (len(parts[".shx"]) - 100) // 8
    records = int.from_bytes(parts[".dbf"][4:8], "little")
    if shapes != records:
        raise Refused(
            finding("vector.counts", file, f".shx {shapes}, .dbf {records}", f".shx {shapes} = .dbf {shapes}")
        )
    encoding = _codec(parts.get(".cpg", b""))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for suffix, content in parts.items():
            # The encoding is applied below, by one decoder on every platform; GDAL is told to keep the bytes.
            if suffix != ".cpg":
                archive.writestr(f"layer{suffix}", content)
    table, facts = _gdal(packed.getvalue(), file, None, encoding=_LATIN1)
    if encoding is not None:
        table = _decode(table, encoding)
    if table.num_rows != records:
        # GDAL drops records marked as deleted; anything else is a damaged file.
        deleted = _deleted(parts[".dbf"], records)
        if table.num_rows != records - deleted:
            raise Refused(finding("vector.counts", file, str(table.num_rows), str(records)))
    return table, facts | {"format": "shapefile", "layer": layer, "encoding": encoding}, []


def read_dbf(
    data: bytes, file: str, options: Mapping[str, Any]
) -> tuple[pa.Table, dict[str, Any], list[Finding]]:
    """Read a dBASE table without shapes, alone or as the only one of a zip.

    Parameters
    ----------
    data : bytes
        The file's bytes.
    file : str
        Its name, for messages.
    options : mapping
        None are known.

    Returns
    -------
    pyarrow.Table, dict, list of Finding
        Text columns and ``_row`` (from 2, as a spreadsheet counts rows below a header). The facts are those of `read_vector`;
        without an encoding the text holds the raw bytes as ISO-8859-1.
    """
    encoding = None
    if data.startswith(b"PK"):
        archive = Archive(data, file)
        tables = [
            n
            for n in archive.members
            if n.lower().endswith(".dbf") and "__MACOSX" not in PurePosixPath(n).parts
        ]
        if len(tables) != 1:
            raise Refused(finding("vector.several", file, ", ".join(tables[:20]) or "0", "1 .dbf"))
        labels = [n for n in archive.members if n.lower() == tables[0].lower()[:-4] + ".cpg"]
        encoding = _codec(archive.read(labels[0])) if labels else None
        data = archive.read(tables[0])
    if not data:
        raise Refused(finding("intake.empty", file, "0 bytes", "> 0"))
    if len(data) < 33 or data[0] not in _DBASE or not 33 <= int.from_bytes(data[8:10], "little") <= len(data):
        raise Refused(finding("intake.kind", file, spoken(data), "dbf"))
    records, size = int.from_bytes(data[4:8], "little"), int.from_bytes(data[10:12], "little")
    whole = int.from_bytes(data[8:10], "little") + records * size
    if whole > len(data):
        raise Refused(finding("vector.counts", file, f".dbf {len(data)}", f".dbf {whole}"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as fresh:
        fresh.writestr("layer.dbf", data)
        # GDAL opens no table without shapes from memory, so each row gets the shape that is none.
        for suffix, content in _no_shapes(records).items():
            fresh.writestr(f"layer{suffix}", content)
    table, facts = _gdal(packed.getvalue(), file, None, encoding=_LATIN1)
    table = table.drop_columns([GEOMETRY])
    if encoding is not None:
        table = _decode(table, encoding)
    table = table.append_column("_row", pa.array(range(2, table.num_rows + 2), pa.int32()))
    return table, facts | {"format": "dbf", "encoding": encoding}, []


def _no_shapes(records: int) -> dict[str, bytes]:
    """The .shp and .shx of so many null shapes."""
    numbers = range(records)
    body = b"".join(struct.pack(">ii", n + 1, 2) + bytes(4) for n in numbers)
    index = b"".join(struct.pack(">ii", 50 + 6 * n, 2) for n in numbers)

    def head(content: bytes) -> bytes:
        return struct.pack(">i20xi", 9994, (100 + len(content)) // 2) + struct.pack("<ii64x", 1000, 1)

    return {".shp": head(body) + body, ".shx": head(index) + index}


def _deleted(dbf: bytes, records: int) -> int:
    start = int.from_bytes(dbf[8:10], "little")
    size = int.from_bytes(dbf[10:12], "little")
    return sum(dbf[start + i * size : start + i * size + 1] == b"*" for i in range(records)) if size else 0


def _codec(cpg: bytes) -> str | None:
    """The Python codec a ``.cpg`` names; None where there is none or its name is unknown."""
    text = cpg.decode("ascii", "ignore").strip().lower()
    if not text:
        return None
    thai = {"874", "windows-874", "ansi 874", "cp874", "tis-620", "tis620", "iso-8859-11"}
    if text in thai:
        return "cp874"
    try:
        return codecs.lookup(text.removeprefix("ansi ").replace("65001", "utf-8")).name
    except LookupError:
        return None


def _decode(table: pa.Table, encoding: str) -> pa.Table:
    columns: dict[str, pa.ChunkedArray | pa.Array] = {}
    for name in table.column_names:
        column = table.column(name)
        decoded = name.encode("latin-1", "replace").decode(encoding, "replace")
        if name != GEOMETRY and pa.types.is_string(column.type):
            column = pa.array(
                [
                    None if v is None else v.encode("latin-1", "replace").decode(encoding, "replace")
                    for v in column.to_pylist()
                ],
                pa.string(),
            )
        columns[name if name == GEOMETRY else decoded] = column
    return pa.table(columns)


def _geopackage(data: bytes, file: str, wanted: object) -> tuple[pa.Table, dict[str, Any], list[Finding]]:
    _driver_check(file)
    import pyogrio

    if data[18:20] == b"\x02\x02":
        # Bytes 18 and 19 of SQLite's header: changes go to a log beside the file, and what is in it did not come along.
        raise Refused(finding("vector.wal", file, "WAL", "journal_mode DELETE"))
    try:
        layers = [str(name) for name, kind in pyogrio.list_layers(data) if kind is not None]
    except Exception as error:
        raise Refused(finding("intake.unreadable", file, type(error).__name__, "GPKG")) from None
    chosen = [name for name in layers if name == wanted] if wanted else layers
    if not layers:
        raise Refused(finding("vector.no_geometry", file, "0", "1"))
    if len(chosen) != 1:
        raise Refused(finding("vector.several", file, ", ".join(layers[:20]), str(wanted) if wanted else "1"))
    table, facts = _gdal(data, file, chosen[0])
    return table, facts | {"format": "GPKG", "layer": chosen[0], "encoding": "utf-8"}, []


def _geojson(data: bytes, file: str) -> tuple[pa.Table, dict[str, Any], list[Finding]]:
    try:
        text = data.decode("utf-8-sig")
        document = json.loads(text)
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise Refused(finding("intake.unreadable", file, "JSON?", "GeoJSON (UTF-8)")) from None
    if document.get("type") not in ("FeatureCollection", "Feature"):
        raise Refused(finding("vector.kind", file, str(document.get("type"))[:40], "FeatureCollection"))
    crs = document.get("crs")
    if crs is not None:
        # Only a name is a fact; a link would have the reader fetch something.
        properties = crs.get("properties") if isinstance(crs, dict) and crs.get("type") == "name" else None
        name = properties.get("name") if isinstance(properties, dict) else None
        if not isinstance(name, str) or not _CRS_NAME.fullmatch(name):
            about = crs.get("type") if isinstance(crs, dict) and properties is None else name
            raise Refused(finding("vector.kind", file, f"crs {about}"[:60], "crs name EPSG:n"))
    # Written anew from the parsed document: what was checked is what is read.
    table, facts = _gdal(
        json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace"), file, None
    )
    return table, facts | {"format": "GeoJSON", "layer": None, "encoding": "utf-8"}, []


def _driver_check(file: str) -> None:
    import pyogrio

    left = set(pyogrio.list_drivers()) - ALLOWED
    if left:
        raise Refused(
            finding("intake.unconfined", file, ", ".join(sorted(left)[:10]), ", ".join(sorted(ALLOWED)))
        )


def _gdal(
    data: bytes, file: str, layer: str | None, encoding: str | None = None
) -> tuple[pa.Table, dict[str, Any]]:
    _driver_check(file)
    import pyogrio
    from pyogrio.raw import read_arrow

    try:
        info = pyogrio.read_info(data, layer=layer, force_feature_count=True, encoding=encoding)
        if info["features"] > MAX_FEATURES:
            raise Refused(finding("intake.too_large", file, f"{info['features']}", f"<= {MAX_FEATURES}"))
        meta, table = read_arrow(data, layer=layer, encoding=encoding)
    except Refused:
        raise
    except MemoryError:
        raise
    except Exception as error:
        raise Refused(
            finding("intake.unreadable", file, type(error).__name__, "shp, gpkg, geojson")
        ) from None
    name = meta.get("geometry_name") or "wkb_geometry"
    if name not in table.column_names:
        raise Refused(finding("vector.no_geometry", file, "0", "1"))
    if table.num_rows == 0:
        raise Refused(finding("vector.no_features", file, "0", ">= 1"))
    return _as_text(table, name), {
        "crs": meta.get("crs"),
        "rows": table.num_rows,
        "driver": info.get("driver"),
    }


def _parquet(data: bytes, file: str) -> tuple[pa.Table, dict[str, Any], list[Finding]]:
    import pyarrow.parquet as pq

    try:
        opened = pq.ParquetFile(pa.BufferReader(data))
        if opened.metadata.num_rows > MAX_FEATURES:
            raise Refused(
                finding("intake.too_large", file, str(opened.metadata.num_rows), f"<= {MAX_FEATURES}")
            )
        size = sum(
            opened.metadata.row_group(i).total_byte_size for i in range(opened.metadata.num_row_groups)
        )
        if size > MAX_UNPACKED:
            raise Refused(
                finding("intake.too_large", file, f"{size >> 20} MB", f"<= {MAX_UNPACKED >> 20} MB")
            )
        table = opened.read()
        geo = json.loads((opened.schema_arrow.metadata or {}).get(b"geo", b"{}"))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Refused(finding("intake.unreadable", file, type(error).__name__, "GeoParquet")) from None
    column = geo.get("primary_column") if isinstance(geo, dict) else None
    about = geo.get("columns", {}).get(column, {}) if column else {}
    if not isinstance(column, str) or column not in table.column_names or about.get("encoding") != "WKB":
        raise Refused(finding("vector.no_geometry", file, str(about.get("encoding")), "WKB"))
    if table.num_rows == 0:
        raise Refused(finding("vector.no_features", file, "0", ">= 1"))
    # The standard: no "crs" at all means longitude and latitude on WGS 84; an explicit null means unknown.
    crs: str | None
    if "crs" not in about:
        crs = "EPSG:4326"
    elif about["crs"] is None:
        crs = None
    else:
        authority = about["crs"].get("id", {})
        code = f"{authority.get('authority')}:{authority.get('code')}"
        crs = {"OGC:CRS84": "EPSG:4326"}.get(code, code) if authority else json.dumps(about["crs"])
    facts = {"format": "GeoParquet", "layer": None, "encoding": "utf-8", "crs": crs, "rows": table.num_rows}
    return _as_text(table, column), facts, []


def _as_text(table: pa.Table, geometry: str) -> pa.Table:
    """Every column but the geometry as text; columns that have no text (nested, binary) are left out."""
    columns: dict[str, pa.ChunkedArray | pa.Array] = {}
    for name in table.column_names:
        column = table.column(name)
        if name == geometry:
            continue
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_string(column.type):
            columns[name] = column
            continue
        try:
            columns[name] = pc.cast(column, pa.string())
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
            continue
    columns.pop(GEOMETRY, None)
    shapes = pc.cast(table.column(geometry).combine_chunks(), pa.binary())
    return pa.table({**columns, GEOMETRY: shapes})
