"""Boundaries: polygons of areas read from an agency's layer, checked against the official list, and
simplified.

A layer arrives as a `VectorTable`: text columns and WKB, as a separate process read them. What leaves is a
GeoDataFrame in EPSG:4326 with the columns ``code, name_th, name_en, geometry`` (MultiPolygon), one row an
area.

Nothing here trusts a column name: the level and the code column are found by reading the values as codes, the
name columns by comparing them with the official names.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Final, Literal, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyproj
import shapely
from pyproj.exceptions import CRSError

from geo.codes import (
    Area,
    CodeError,
    abolished_areas,
    bare_name,
    clean_name,
    level_of,
    official_areas,
    plain_name,
    read_code,
    read_code_parts,
    read_name,
)

CRS: Final = "EPSG:4326"
"""Coordinate reference system of every boundary, longitude before latitude."""

COLUMNS: Final = ("code", "name_th", "name_en", "geometry")
BOUNDARY_LEVELS: Final = ("province", "district", "subdistrict")
"""Levels that have polygons."""

THAILAND_BOUNDS: Final = (97.0, 5.0, 106.0, 21.0)
"""West, south, east, north in degrees; every Thai boundary lies inside."""

ACCEPTED_EPSG: Final = (4326, 32647, 32648, 24047, 24048, 3857)
"""Longitude/latitude, UTM 47N and 48N on WGS 84 and on Indian 1975, and web mercator."""

# Cylindrical equal area: areas in square metres that do not depend on latitude.
_EQUAL_AREA: Final = "EPSG:6933"
# A child is called misplaced when less than this share of it lies in its parent. Levels that were generalised
# apart differ along their edges: the worst real case is a riverside subdistrict of Bangkok with 0.78.
_NESTED_SHARE: Final = 0.5
# A repair may change an area by this share of it. The one invalid ring of the country's own layer changes by 0.00002.
_RING_SHARE: Final = 0.001
# Rows read to find out what a column holds.
_SAMPLE: Final = 400
_PROVINCES_FILE: Final = Path(__file__).resolve().parent.parent / "data" / "boundaries" / "provinces.geojson"

Severity = Literal["reject", "warn"]

_MENDS: Final[Mapping[str, tuple[Severity, str, str]]] = {
    "encoding": (
        "reject",
        "บันทึกไฟล์ใหม่เป็น UTF-8 หรือแนบไฟล์ .cpg ที่ระบุรหัสอักขระ",
        "save the layer in UTF-8, or add a .cpg file that names its encoding",
    ),
    "crs_missing": (
        "reject",
        "แนบไฟล์ .prj หรือระบุระบบพิกัดในไฟล์",
        "add the .prj file, or declare the coordinate system in the file",
    ),
    "crs": (
        "reject",
        "แปลงเป็น EPSG:4326 หรือ UTM โซน 47N/48N แล้วส่งใหม่",
        "reproject to EPSG:4326 or UTM zone 47N/48N and send it again",
    ),
    "code_column": (
        "reject",
        "เพิ่มคอลัมน์รหัสพื้นที่ของกรมการปกครอง (2, 4 หรือ 6 หลัก) ในทุกแถว",
        "add a column with the DOPA area code (2, 4 or 6 digits) to every row",
    ),
    "empty": ("reject", "ส่งไฟล์ที่มีรูปแผนที่", "send a layer that holds features"),
    "rows": (
        "reject",
        "ส่งไฟล์ใหม่ที่จำนวนรูปเท่ากับจำนวนแถวของข้อมูล",
        "send the layer again with as many geometries as attribute rows",
    ),
    "not_polygon": (
        "reject",
        "ส่งชั้นข้อมูลขอบเขตพื้นที่ (polygon) แทนเส้นหรือจุด",
        "send the layer of areas (polygons) instead of lines or points",
    ),
    "geometry_missing": (
        "reject",
        "เติมรูปแผนที่ให้แถวนี้หรือลบแถวนี้ออก",
        "give this row its polygon, or remove the row",
    ),
    "geometry_unreadable": (
        "reject",
        "ซ่อมรูปของแถวนี้ในโปรแกรม GIS แล้วส่งใหม่",
        "mend the geometry of this row in a GIS and send the layer again",
    ),
    "outside": (
        "reject",
        "ตรวจระบบพิกัดและพิกัดของแถวนี้",
        "check the coordinate system and the coordinates of this row",
    ),
    "swapped": (
        "reject",
        "สลับลองจิจูดกับละติจูด: ลองจิจูดต้องมาก่อน",
        "swap the axes: longitude (x) comes before latitude (y)",
    ),
    "code_unreadable": (
        "reject",
        "แก้รหัสให้ตรงกับรหัสของกรมการปกครอง",
        "correct the code to the one of the official (DOPA) list",
    ),
    "code_unknown": (
        "reject",
        "แก้รหัสให้ตรงกับรหัสของกรมการปกครอง",
        "correct the code to the one of the official (DOPA) list",
    ),
    "duplicate": (
        "reject",
        "รวมรูปของรหัสเดียวกันให้เหลือแถวเดียว หรือแก้รหัสที่ซ้ำ",
        "merge the shapes of one code into one row, or correct the repeated code",
    ),
    "ring_repaired": (
        "warn",
        "ซ่อมเส้นขอบให้แล้ว ควรตรวจต้นฉบับ",
        "the ring was repaired here; check it in the original",
    ),
    "ring_changed": (
        "reject",
        "ซ่อมเส้นขอบที่ตัดกันเองในโปรแกรม GIS แล้วส่งใหม่ ซ่อมที่นี่แล้วพื้นที่เปลี่ยนไปมาก",
        "mend the ring that crosses itself in a GIS and send it again; repaired here, its area would be another",
    ),
    "abolished": (
        "warn",
        "ใช้ขอบเขตชุดใหม่ที่มีพื้นที่ซึ่งตั้งขึ้นแทน",
        "use a newer layer that holds the areas which took its place",
    ),
    "municipal": (
        "warn",
        "รหัส 51-99 ใช้กับเทศบาล ซึ่งไม่มีขอบเขตในรายการทางการ",
        "codes 51-99 stand for municipalities, which have no polygon in the official list",
    ),
    "missing": (
        "warn",
        "ใช้ขอบเขตชุดใหม่ พื้นที่นี้จะไม่ปรากฏบนแผนที่",
        "use a newer layer; this area will not appear on the map",
    ),
    "renamed": (
        "warn",
        "ตรวจชื่อ แผนที่ใช้ชื่อทางการ",
        "check the name; the map shows the official one",
    ),
    "name_cut": (
        "warn",
        "ชื่อถูกตัดเพราะช่องสั้น แผนที่ใช้ชื่อทางการ",
        "the field was too short for the name; the map shows the official one",
    ),
    "not_nested": (
        "warn",
        "ตรวจรหัสและขอบเขตของพื้นที่นี้กับพื้นที่แม่",
        "check the code and the polygon of this area against its parent's",
    ),
    "parent_missing": (
        "warn",
        "นำเข้าขอบเขตของระดับแม่ชุดเดียวกัน",
        "import the matching boundaries of the level above",
    ),
    "overlap": (
        "warn",
        "ตรวจแนวเขตที่ทับกันในต้นฉบับ",
        "check the overlapping boundary in the original",
    ),
    "gap": (
        "warn",
        "ตรวจช่องว่างระหว่างพื้นที่ (อาจเป็นแหล่งน้ำ)",
        "check the hole between the areas (it may be water)",
    ),
}


@dataclass(frozen=True, slots=True)
class BoundaryFault:
    """One thing in a layer that is not as it should be.

    Attributes
    ----------
    severity : str
        ``reject`` (must not be published) or ``warn``.
    code : str
        Stable key, ``boundaries.<kind>``.
    row : int or None
        Row as a spreadsheet counts: the header is row 1, the first feature row 2.
    column : str or None
    found, expected : str
        Plain facts: numbers, names, codes.
    mend_th, mend_en : str
        What the sender can do about it.
    """

    severity: Severity
    code: str
    row: int | None
    column: str | None
    found: str
    expected: str
    mend_th: str
    mend_en: str


class BoundaryError(ValueError):
    """A layer that cannot be used at all.

    Attributes
    ----------
    faults : tuple of BoundaryFault
        At least one, all with severity ``reject``.
    """

    def __init__(self, faults: Sequence[BoundaryFault]) -> None:
        self.faults = tuple(faults)
        first = self.faults[0]
        super().__init__(
            f"{first.code}: found {first.found}, expected {first.expected}. To mend: {first.mend_en}"
        )

    def __reduce__(self) -> tuple[type[BoundaryError], tuple[tuple[BoundaryFault, ...]]]:
        return type(self), (self.faults,)


def _fault(
    kind: str, found: str, expected: str, *, row: int | None = None, column: str | None = None
) -> BoundaryFault:
    severity, mend_th, mend_en = _MENDS[kind]
    return BoundaryFault(severity, f"boundaries.{kind}", row, column, found, expected, mend_th, mend_en)


@dataclass(frozen=True, slots=True, eq=False)
class VectorTable:
    """A layer as the reading process hands it over.

    Attributes
    ----------
    columns : pyarrow.Table
        Attribute columns, one row a feature. Text is what matters; other types are read as their text.
    wkb : sequence of bytes or None, or a pyarrow array
        One geometry a row, x before y.
    crs : str or None
        ``EPSG:<number>``, ``OGC:CRS84`` or WKT; None when the file declares none.
    file : str
        Name for messages.
    layer : str or None
        Layer inside the file.
    encoding : str or None
        Encoding the file declared (or its format has). None when unknown: text columns then hold the file's
        bytes, each as the character of the same number (ISO-8859-1).
    repairs : Counter of str
        Repairs made so far.
    """

    columns: pa.Table
    wkb: Sequence[bytes | None] | pa.Array | pa.ChunkedArray
    crs: str | None
    file: str
    layer: str | None = None
    encoding: str | None = "utf-8"
    repairs: Counter[str] = field(default_factory=Counter)

    @classmethod
    def from_arrow(cls, table: pa.Table, *, geometry: str = "geometry", file: str = "") -> VectorTable:
        """Build from one Arrow table whose schema metadata holds ``crs``, ``file``, ``layer`` and
        ``encoding``.

        Parameters
        ----------
        table : pyarrow.Table
            With a binary column named `geometry`.
        file : str
            Used when the metadata has no ``file``.

        Raises
        ------
        BoundaryError
            When there is no such column.
        """
        if geometry not in table.column_names:
            raise BoundaryError([_fault("empty", ", ".join(table.column_names), f"a column {geometry}")])
        facts = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items() if k in _METADATA}
        encoding = facts.get("encoding") or None
        return cls(
            columns=table.drop_columns([geometry]),
            wkb=table.column(geometry),
            crs=facts.get("crs") or None,
            file=facts.get("file") or file,
            layer=facts.get("layer") or None,
            encoding=None if encoding == "unknown" else encoding,
        )


_METADATA: Final = frozenset({b"crs", b"file", b"layer", b"encoding"})


@dataclass(slots=True, eq=False)
class BoundarySet:
    """The polygons of one level.

    Attributes
    ----------
    level : str
        One of `BOUNDARY_LEVELS`.
    gdf : geopandas.GeoDataFrame
        Columns ``code, name_th, name_en, geometry``; EPSG:4326, MultiPolygon, valid, sorted by code. Names
        are the official ones where the code is official or abolished, else the file's.
    repairs : Counter of str
        How often each repair was made.
    findings : list of BoundaryFault
        Rows left out (``reject``) and rings repaired (``warn``).
    file_names : pandas.DataFrame
        Columns ``code, row, name_th, name_en``: names as the file has them (None where it has none), in the
        order of `gdf`.
    columns : dict of str to str
        Which column was taken for ``code``, ``name_th`` and ``name_en``.
    encoding : str
        Encoding the names were read in.
    """

    level: str
    gdf: gpd.GeoDataFrame
    repairs: Counter[str]
    findings: list[BoundaryFault]
    file_names: pd.DataFrame
    columns: dict[str, str]
    encoding: str

    @property
    def rejected(self) -> bool:
        """True when a row had to be left out."""
        return any(f.severity == "reject" for f in self.findings)


# ------------------------------------------------------------------------------------------------------------
# Text whose encoding nobody declared

_THAI_LETTER = re.compile("[\u0e01-\u0e3a\u0e40-\u0e5b]")


def repair_text_columns(table: VectorTable) -> tuple[VectorTable, str]:
    """Decode the text columns of a layer that did not say its encoding.

    Every text column holds bytes as ISO-8859-1 characters. They are read as UTF-8 when all are UTF-8 (a
    character cut at the end of a fixed-width field is dropped and counted as repair ``text_cut``), otherwise
    as cp874 when that gives Thai.

    Parameters
    ----------
    table : VectorTable

    Returns
    -------
    table : VectorTable
        With `encoding` set; unchanged when it already was.
    encoding : str
        ``utf-8`` or ``cp874``, or what the file declared.

    Raises
    ------
    BoundaryError
        When the bytes are neither, or both encodings are mixed.
    """
    if table.encoding is not None:
        return table, table.encoding
    columns: dict[str, list[str | None]] = {}
    values: set[str] = set()
    for name in table.columns.column_names:
        column = table.columns.column(name)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            columns[name] = column.to_pylist()
            values.update(v for v in columns[name] if v is not None and not v.isascii())
    raw = {v: v.encode("latin-1", errors="replace") for v in values}
    utf8 = {v: _utf8(data) for v, data in raw.items()}
    repairs = Counter(table.repairs)
    decoded: dict[str, str]
    # Two bytes of cp874 Thai can be one European letter of UTF-8 (ยก reads as ¡): names without one Thai letter are not
    # UTF-8 when cp874 makes Thai of all of them.
    thai_in_utf8 = any(text is not None and _THAI_LETTER.search(text) for text in utf8.values())
    if None not in utf8.values() and (thai_in_utf8 or not _all_thai(raw.values())):
        encoding = "utf-8"
        decoded = {v: text for v, text in utf8.items() if text is not None}
        cut = {v for v, text in decoded.items() if len(text.encode()) != len(raw[v])}
        if cut:
            repairs["text_cut"] += sum(v in cut for column_values in columns.values() for v in column_values)
    else:
        encoding = "cp874"
        decoded = {v: data.decode("cp874", errors="replace") for v, data in raw.items()}
        foreign = "".join(t for text in decoded.values() for t in text if not t.isascii() and t != "\u00a0")
        thai = len(_THAI_LETTER.findall(foreign))
        if thai < 0.9 * len(foreign) or not thai:
            raise BoundaryError([_fault("encoding", _sample_text(utf8, raw), "utf-8 / cp874 (tis-620)")])
        # Thai in UTF-8 read as cp874 is Thai letters too, so a file with both would garble without a sound.
        mixed = sum(text is not None and bool(_THAI_LETTER.search(text)) for text in utf8.values())
        if mixed:
            raise BoundaryError([_fault("encoding", f"utf-8 {mixed}, cp874 {len(utf8) - mixed}", "utf-8")])
    arrays = {
        name: pa.array([None if v is None else decoded.get(v, v) for v in column_values], pa.string())
        for name, column_values in columns.items()
    }
    fields = table.columns
    for name, array in arrays.items():
        fields = fields.set_column(fields.column_names.index(name), name, array)
    return replace(table, columns=fields, encoding=encoding, repairs=repairs), encoding


def _all_thai(names: Iterable[bytes]) -> bool:
    """Whether the bytes, read as cp874, are Thai names: Thai letters and no Latin ones (Café would read as Cafรฉ)."""
    letters = [
        t for data in names for t in data.decode("cp874", errors="replace") if not t.isascii() or t.isalpha()
    ]
    return bool(letters) and all(_THAI_LETTER.match(t) for t in letters)


def _utf8(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        # Only a last character without its end is forgiven; a stray byte elsewhere means another encoding.
        if error.reason == "unexpected end of data" and error.start > 0:
            text = data[: error.start].decode("utf-8")
            return text if not text.isascii() else None
        return None


def _sample_text(utf8: Mapping[str, str | None], raw: Mapping[str, bytes]) -> str:
    first = next(v for v, text in sorted(utf8.items()) if text is None)
    return "0x" + raw[first][:16].hex()


# ------------------------------------------------------------------------------------------------------------
# Reading


def read_boundaries(table: VectorTable, *, level: str | None = None) -> BoundarySet:
    """Read a layer of areas.

    Parameters
    ----------
    table : VectorTable
    level : str, optional
        One of `BOUNDARY_LEVELS`; by default the smallest areas the codes in the layer can name.

    Returns
    -------
    BoundarySet
        Rows that cannot be used are in its findings.

    Raises
    ------
    BoundaryError
        When no row can be used: nothing in the layer, no polygons, no column of codes, an unknown coordinate
        system, coordinates outside Thailand, text in an unknown encoding.
    ValueError
        For a level that has no polygons.
    """
    if level is not None and level not in BOUNDARY_LEVELS:
        raise ValueError(f"level: found {level!r}, expected one of {', '.join(BOUNDARY_LEVELS)}")
    table, encoding = repair_text_columns(table)
    blobs = table.wkb.to_pylist() if isinstance(table.wkb, pa.Array | pa.ChunkedArray) else list(table.wkb)
    if not blobs:
        raise BoundaryError([_fault("empty", "0", "> 0")])
    if len(blobs) != table.columns.num_rows:
        raise BoundaryError([_fault("rows", str(len(blobs)), str(table.columns.num_rows))])
    repairs = Counter(table.repairs)
    findings: list[BoundaryFault] = []

    texts = {name: _texts(table.columns.column(name)) for name in table.columns.column_names}
    geometry, usable = _polygons(blobs, findings, repairs)
    crs = _crs_of(table.crs, geometry[usable], repairs)
    geometry, usable = _to_wgs84(geometry, usable, crs, findings)
    geometry, usable = _repair_rings(geometry, usable, findings, repairs)

    found_level, codes, code_column = _codes(texts, level, findings, repairs)
    rows = [i for i in range(len(blobs)) if usable[i] and codes[i] is not None]
    if not rows:
        raise BoundaryError([f for f in findings if f.severity == "reject"][:20])
    kept = [str(codes[i]) for i in rows]
    columns = {"code": code_column}
    names: dict[str, list[str | None]] = {}
    for key in ("name_th", "name_en"):
        column = _name_column(texts, rows, kept, key, found_level)
        if column is not None:
            columns[key] = column
        values = texts[column] if column is not None else [None] * len(blobs)
        names[key] = [None if (v := values[i]) is None or not clean_name(v) else clean_name(v) for i in rows]
    file_names = pd.DataFrame({"code": kept, "row": [i + 2 for i in rows], **names}).astype(
        {"name_th": object, "name_en": object}
    )
    shown = [
        _shown_names(c, th, en) for c, th, en in zip(kept, names["name_th"], names["name_en"], strict=True)
    ]
    gdf = gpd.GeoDataFrame(
        {"code": kept, "name_th": [n[0] for n in shown], "name_en": [n[1] for n in shown]},
        geometry=geometry[rows],
        crs=CRS,
    )
    order = gdf["code"].argsort(kind="stable")
    return BoundarySet(
        level=found_level,
        gdf=gdf.iloc[order].reset_index(drop=True),
        repairs=repairs,
        findings=findings,
        file_names=file_names.iloc[order].reset_index(drop=True),
        columns=columns,
        encoding=encoding,
    )


def _texts(column: pa.ChunkedArray) -> list[str | None]:
    return [None if v is None else v if isinstance(v, str) else str(v) for v in column.to_pylist()]


def _shown_names(code: str, name_th: str | None, name_en: str | None) -> tuple[str, str]:
    area = _listed(code)
    if area is not None:
        return area.name_th, area.name_en
    thai = bare_name(name_th) if name_th else code
    return thai, bare_name(name_en) if name_en else thai


def _listed(code: str) -> Area | None:
    area = official_areas().get(code)
    if area is None and code in abolished_areas():
        area = abolished_areas()[code].area
    return area


_POLYGON, _MULTIPOLYGON, _COLLECTION = 3, 6, 7


def _polygons(
    blobs: Sequence[bytes | None], findings: list[BoundaryFault], repairs: Counter[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Geometries (2-D) and which of them are areas."""
    # A None in the result where there were bytes means they are no geometry.
    geometry = shapely.from_wkb(np.array(blobs, dtype=object), on_invalid="ignore")
    types = shapely.get_type_id(geometry)
    usable = np.isin(types, (_POLYGON, _MULTIPOLYGON))
    for i in (int(k) for k in np.flatnonzero(types == _COLLECTION)):
        parts = shapely.get_parts(geometry[i])
        if len(parts) and np.isin(shapely.get_type_id(parts), (_POLYGON, _MULTIPOLYGON)).all():
            usable[i] = True
    usable &= ~shapely.is_empty(geometry)
    for i in (int(k) for k in np.flatnonzero(~usable)):
        if blobs[i] is None or (geometry[i] is not None and shapely.is_empty(geometry[i])):
            findings.append(_fault("geometry_missing", "-", "Polygon", row=i + 2, column="geometry"))
        elif geometry[i] is None:
            findings.append(_fault("geometry_unreadable", "WKB ?", "Polygon", row=i + 2, column="geometry"))
        else:
            found = geometry[i].geom_type
            findings.append(_fault("not_polygon", found, "Polygon", row=i + 2, column="geometry"))
    if not usable.any():
        kinds = Counter(g.geom_type for g in geometry if g is not None and not g.is_empty)
        found = ", ".join(f"{kind} {n}" for kind, n in kinds.most_common()) or "0"
        raise BoundaryError([_fault("not_polygon" if kinds else "geometry_missing", found, "Polygon")])
    if (deep := int(shapely.has_z(geometry[usable]).sum())) > 0:
        repairs["z_dropped"] += deep
    return shapely.force_2d(geometry), usable


def _inside(bounds: np.ndarray) -> np.ndarray:
    west, south, east, north = THAILAND_BOUNDS
    return np.asarray(
        (bounds[..., 0] >= west)
        & (bounds[..., 1] >= south)
        & (bounds[..., 2] <= east)
        & (bounds[..., 3] <= north)
    )


def _crs_of(declared: str | None, geometry: np.ndarray, repairs: Counter[str]) -> int:
    """EPSG code of the layer's coordinate system."""
    expected = ", ".join(f"EPSG:{code}" for code in ACCEPTED_EPSG)
    if declared is None or not declared.strip():
        bounds = shapely.total_bounds(geometry)
        if _inside(bounds):
            repairs["crs_assumed"] += 1
            return 4326
        raise BoundaryError([_fault("crs_missing", _bounds_text(bounds), expected)])
    text = declared.strip()
    if text.upper() == "OGC:CRS84":
        return 4326
    try:
        # Only these two forms: a free string may be a pipeline or a file name to PROJ.
        if match := re.fullmatch(r"EPSG:([0-9]{1,6})", text, re.I):
            if int(match[1]) in ACCEPTED_EPSG:
                return int(match[1])
            raise BoundaryError([_fault("crs", text, expected)])
        if re.match(r"(GEOG|PROJ|GEOD|BOUND|COMPD)[A-Z]*\s*\[", text) and len(text) <= 20_000:
            crs = pyproj.CRS.from_wkt(text)
            for code in ACCEPTED_EPSG:
                if crs.equals(pyproj.CRS.from_epsg(code), ignore_axis_order=True):
                    return code
            if (epsg := crs.to_epsg(min_confidence=70)) in ACCEPTED_EPSG:
                return int(epsg)
            raise BoundaryError([_fault("crs", crs.name[:80], expected)])
    except CRSError:
        pass
    raise BoundaryError([_fault("crs", text[:80], expected)])


def _bounds_text(bounds: np.ndarray) -> str:
    return " ".join(f"{value:.4f}" for value in bounds)


def _to_wgs84(
    geometry: np.ndarray, usable: np.ndarray, epsg: int, findings: list[BoundaryFault]
) -> tuple[np.ndarray, np.ndarray]:
    if epsg != 4326:
        projected = gpd.GeoSeries(geometry[usable], crs=f"EPSG:{epsg}").to_crs(CRS)
        geometry = geometry.copy()
        geometry[usable] = projected.to_numpy()
    bounds = shapely.bounds(geometry)
    inside = _inside(bounds)
    outside = np.flatnonzero(usable & ~inside)
    if len(outside) == 0:
        return geometry, usable
    swapped = _inside(bounds[:, [1, 0, 3, 2]])
    faults = [
        _fault(
            "swapped" if swapped[i] else "outside",
            _bounds_text(bounds[i]),
            _bounds_text(np.array(THAILAND_BOUNDS)),
            row=i + 2,
            column="geometry",
        )
        for i in (int(k) for k in outside)
    ]
    if len(outside) == usable.sum():
        kind = "swapped" if swapped[outside].all() else "outside"
        total = _bounds_text(shapely.total_bounds(geometry[usable]))
        raise BoundaryError([_fault(kind, total, _bounds_text(np.array(THAILAND_BOUNDS)), column="geometry")])
    findings.extend(faults)
    return geometry, usable & inside


def _repair_rings(
    geometry: np.ndarray, usable: np.ndarray, findings: list[BoundaryFault], repairs: Counter[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Make every polygon valid and a MultiPolygon; lines and points that fall off are dropped."""
    geometry = geometry.copy()
    usable = usable.copy()
    for i in (int(k) for k in np.flatnonzero(usable)):
        before = geometry[i]
        if shapely.is_valid(before) and shapely.get_type_id(before) != _COLLECTION:
            geometry[i] = _multi([before])
            continue
        reason = shapely.is_valid_reason(before)
        # make_valid would treat the polygons of a collection as layers of their own: mend them one by one.
        collection = shapely.get_type_id(before) == _COLLECTION
        pieces = shapely.get_parts(before) if collection else np.array([before])
        mended = _multi(shapely.make_valid(pieces, method="structure", keep_collapsed=False))
        if not shapely.is_valid(mended):  # parts that are valid alone may overlap
            mended = _multi([shapely.union_all(shapely.get_parts(mended))])
        if shapely.is_empty(mended):
            usable[i] = False
            findings.append(_fault("geometry_unreadable", reason, "Polygon", row=i + 2, column="geometry"))
            continue
        geometry[i] = mended
        area = float(areas_km2([mended])[0])
        change = area - float(areas_km2([before])[0])
        if abs(change) > _RING_SHARE * area:
            usable[i] = False
            found = f"{reason}; {change:+.4f} km2 ({change / area:+.1%})"
            expected = f"<= {_RING_SHARE:.1%}"
            findings.append(_fault("ring_changed", found, expected, row=i + 2, column="geometry"))
            continue
        repairs["ring_repaired"] += 1
        findings.append(
            _fault(
                "ring_repaired",
                f"{reason}; {change:+.4f} km2",
                "valid ring",
                row=i + 2,
                column="geometry",
            )
        )
    if not usable.any():
        raise BoundaryError([f for f in findings if f.severity == "reject"][:20])
    return geometry, usable


def _multi(geometries: Iterable[shapely.Geometry]) -> shapely.MultiPolygon:
    """All polygons in some geometries as one MultiPolygon."""
    parts = shapely.get_parts(shapely.get_parts(np.array(list(geometries), dtype=object)))
    return shapely.multipolygons(parts[(shapely.get_type_id(parts) == _POLYGON) & ~shapely.is_empty(parts)])


def areas_km2(geometry: Sequence[shapely.Geometry] | np.ndarray) -> np.ndarray:
    """Square kilometres of polygons in degrees (EPSG:4326), measured in an equal-area projection."""
    series = gpd.GeoSeries(np.asarray(geometry, dtype=object), crs=CRS).to_crs(_EQUAL_AREA)
    return np.asarray(series.area) / 1e6


# ------------------------------------------------------------------------------------------------------------
# Finding columns by what is in them


def _sample(n: int) -> list[int]:
    return sorted({int(i) for i in np.linspace(0, n - 1, min(n, _SAMPLE))})


def _code_or_none(text: str | None) -> str | None:
    try:
        return None if text is None else read_code(text).code
    except CodeError:
        return None


_PART_COLUMNS: Final = {
    "province": re.compile(r"^(prov|pv|p_|changwat|cw|จังหวัด|รหัสจังหวัด)", re.I),
    "district": re.compile(r"^(amp|ap_|a_|dist|อำเภอ|รหัสอำเภอ)", re.I),
    "subdistrict": re.compile(r"^(tam|tb_|tumb|t_|sub|ตำบล|รหัสตำบล)", re.I),
}


def _codes(
    texts: Mapping[str, list[str | None]],
    level: str | None,
    findings: list[BoundaryFault],
    repairs: Counter[str],
) -> tuple[str, list[str | None], str]:
    """Level, code a row (None where unreadable) and the column they came from."""
    n = len(next(iter(texts.values()), []))
    rows = _sample(n)
    best: tuple[tuple[int, int, bool], str, str] | None = None
    for name, values in texts.items():
        read = [c for c in (_code_or_none(values[i]) for i in rows) if c is not None and c != "TH"]
        if len(read) < 0.8 * len(rows):
            continue
        found, count = Counter(level_of(c) for c in read).most_common(1)[0]
        if found not in BOUNDARY_LEVELS or count < 0.8 * len(rows) or (level is not None and found != level):
            continue
        # The layer's own code is nearly different in every row; a parent's repeats.
        distinct = len(set(read))
        if distinct < 0.5 * len(rows):
            continue
        rank = (BOUNDARY_LEVELS.index(found), distinct, bool(re.search(r"code|pcode|รหัส|_id", name, re.I)))
        if best is None or rank > best[0]:
            best = (rank, found, name)
    if best is None:
        return _codes_from_parts(texts, level, findings, repairs) or _codes_from_names(texts, level, repairs)
    _, found, column = best
    codes: list[str | None] = []
    for i, text in enumerate(texts[column]):
        try:
            reading = read_code(text, found)
        except CodeError as error:
            findings.append(_fault("code_unreadable", error.found, error.expected, row=i + 2, column=column))
            codes.append(None)
            continue
        repairs.update(reading.repairs)
        codes.append(reading.code)
    return found, codes, column


def _codes_from_parts(
    texts: Mapping[str, list[str | None]],
    level: str | None,
    findings: list[BoundaryFault],
    repairs: Counter[str],
) -> tuple[str, list[str | None], str] | None:
    """Codes split over two or three columns; None when the layer has no such columns."""
    columns: list[str] = []
    for part, pattern in _PART_COLUMNS.items():
        fits = [c for c in texts if pattern.match(c) and _numeric(texts[c])]
        if not fits:
            break
        columns.append(fits[0])
        if part == level:
            break
    if len(columns) < 2 or (level is not None and BOUNDARY_LEVELS[len(columns) - 1] != level):
        return None
    found = BOUNDARY_LEVELS[len(columns) - 1]
    label = " + ".join(columns)
    codes: list[str | None] = []
    faults: list[BoundaryFault] = []
    for i, parts in enumerate(zip(*(texts[c] for c in columns), strict=True)):
        try:
            reading = read_code_parts(*parts)
            if level_of(reading.code) != found:
                raise CodeError(" | ".join(p or "" for p in parts), f"{found}")
        except CodeError as error:
            faults.append(_fault("code_unreadable", error.found, error.expected, row=i + 2, column=label))
            codes.append(None)
            continue
        repairs.update(reading.repairs)
        codes.append(reading.code)
    if len(faults) > 0.2 * len(codes):
        return None
    findings.extend(faults)
    return found, codes, label


def _numeric(values: Sequence[str | None]) -> bool:
    sample = [values[i] for i in _sample(len(values))]
    return bool(sample) and sum(v is not None and v[:1].isdigit() for v in sample) >= 0.8 * len(sample)


def _codes_from_names(
    texts: Mapping[str, list[str | None]], level: str | None, repairs: Counter[str]
) -> tuple[str, list[str | None], str]:
    """Provinces by their names, which are unique; names below the province are not."""
    if level in (None, "province"):
        for column, values in texts.items():
            codes = [read_name(v, "province").code for v in values]
            if codes and None not in codes and len(set(codes)) == len(codes):
                repairs["code_from_name"] += len(codes)
                return "province", list(codes), column
    raise BoundaryError([_fault("code_column", ", ".join(texts)[:200] or "-", level or "2 / 4 / 6")])


def _name_column(
    texts: Mapping[str, list[str | None]], rows: Sequence[int], codes: Sequence[str], key: str, level: str
) -> str | None:
    """The column whose values agree most often with the listed names; None below one in five."""
    picked = _sample(len(rows))
    best, best_share = None, 0.2
    for column, values in texts.items():
        hits = seen = 0
        for k in picked:
            area = _listed(codes[k])
            if area is None:
                continue
            seen += 1
            value = values[rows[k]]
            hits += value is not None and plain_name(value) == plain_name(getattr(area, key))
        share = hits / seen if seen else 0.0
        if share > best_share:
            best, best_share = column, share
    return best


# ------------------------------------------------------------------------------------------------------------
# Checking


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two areas that share ground, in km2."""

    code_a: str
    code_b: str
    km2: float


@dataclass(slots=True)
class BoundaryReport:
    """What a set of boundaries looks like against the official list.

    Attributes
    ----------
    level : str
    areas : int
        Polygons in the set.
    official : int
        Areas of this level in force in the provinces the set covers.
    provinces : int
        Provinces the set covers; 77 for the whole country.
    duplicates, unknown, municipal, missing : tuple of str
        Codes. `missing` counts only the provinces the set covers.
    abolished : dict of str to tuple of str
        Code -> successors.
    renamed, cut : tuple of (str, str, str)
        Code, Thai name in the file, official Thai name. `cut` names are the beginning of the official one.
    named : int
        Areas whose Thai name could be compared.
    nested_checked : int
        Areas compared with their parent's polygon.
    not_nested : dict of str to float
        Code -> share of the area inside its parent, 0-1, where below one half.
    coverage_valid : bool
        True when neighbours share their edges exactly: no overlap, no sliver.
    invalid_edges : int
        Areas with an edge that does not match.
    overlaps : tuple of Overlap
        Pairs that share more than a square metre.
    gaps_km2 : tuple of float
        Areas of the holes between polygons, largest first.
    area_km2 : float
        Sum over the polygons.
    findings : list of BoundaryFault
    """

    level: str
    areas: int
    official: int
    provinces: int
    duplicates: tuple[str, ...]
    unknown: tuple[str, ...]
    municipal: tuple[str, ...]
    missing: tuple[str, ...]
    abolished: dict[str, tuple[str, ...]]
    renamed: tuple[tuple[str, str, str], ...]
    cut: tuple[tuple[str, str, str], ...]
    named: int
    nested_checked: int
    not_nested: dict[str, float]
    coverage_valid: bool
    invalid_edges: int
    overlaps: tuple[Overlap, ...]
    gaps_km2: tuple[float, ...]
    area_km2: float
    findings: list[BoundaryFault]

    @property
    def rejected(self) -> bool:
        """True when the set must not be published."""
        return any(f.severity == "reject" for f in self.findings)


def check_boundaries(
    boundaries: BoundarySet,
    official: Mapping[str, Area] | None = None,
    parents: gpd.GeoDataFrame | None = None,
) -> BoundaryReport:
    """Compare a set of boundaries with the official list, with the level above and with itself.

    Parameters
    ----------
    boundaries : BoundarySet
    official : mapping of str to Area, optional
        Areas in force; `official_areas` by default.
    parents : geopandas.GeoDataFrame, optional
        Boundaries of the level above (columns ``code, geometry``, EPSG:4326); without it nesting is not
        checked.

    Returns
    -------
    BoundaryReport
        Findings hold what the set itself did not already find.
    """
    listed = official_areas() if official is None else official
    gdf, level = boundaries.gdf, boundaries.level
    row_of = dict(zip(boundaries.file_names["code"], boundaries.file_names["row"], strict=True))
    findings: list[BoundaryFault] = []

    def note(kind: str, code: str, found: str, expected: str, column: str | None = "code") -> None:
        row = row_of.get(code)
        findings.append(_fault(kind, found, expected, row=None if row is None else int(row), column=column))

    codes = [str(c) for c in gdf["code"]]
    counts = Counter(codes)
    duplicates = tuple(sorted(c for c, n in counts.items() if n > 1))
    for code in duplicates:
        note("duplicate", code, f"{code} x {counts[code]}", f"{code} x 1")
    unknown: list[str] = []
    municipal: list[str] = []
    gone: dict[str, tuple[str, ...]] = {}
    for code in sorted(set(codes) - set(listed)):
        if code in abolished_areas():
            old = abolished_areas()[code]
            gone[code] = old.successors
            new = ", ".join(f"{s} {listed[s].name_th}" for s in old.successors if s in listed) or "-"
            note("abolished", code, f"{code} {old.area.name_th} ({old.abolished_on})", new)
        elif len(code) == 6 and code[4:] >= "51" and code[:4] in listed:
            municipal.append(code)
            note("municipal", code, code, f"{code[:4]}01-{code[:4]}50")
        else:
            unknown.append(code)
            note("code_unknown", code, code, "official code")
    provinces = {c[:2] for c in codes}
    in_scope = [a for a in listed.values() if a.level == level and a.code[:2] in provinces]
    missing = tuple(sorted({a.code for a in in_scope} - set(codes)))
    for code in missing:
        findings.append(_fault("missing", "-", f"{code} {listed[code].name_th}", column="code"))

    renamed, cut, named = _compare_names(boundaries, listed, note)
    not_nested, nested_checked = _check_nesting(gdf, parents, note)

    geometry = np.asarray(gdf.geometry, dtype=object)
    valid, edges, overlaps = _check_coverage(codes, geometry)
    for pair in overlaps:
        note(
            "overlap", pair.code_a, f"{pair.code_a} + {pair.code_b}: {pair.km2:.4f} km2", "0 km2", "geometry"
        )
    gaps = _gaps(geometry)
    if gaps:
        findings.append(_fault("gap", f"{len(gaps)}: {sum(gaps):.4f} km2", "0", column="geometry"))
    return BoundaryReport(
        level=level,
        areas=len(codes),
        official=len(in_scope),
        provinces=len(provinces),
        duplicates=duplicates,
        unknown=tuple(unknown),
        municipal=tuple(municipal),
        missing=missing,
        abolished=gone,
        renamed=tuple(renamed),
        cut=tuple(cut),
        named=named,
        nested_checked=nested_checked,
        not_nested=not_nested,
        coverage_valid=valid,
        invalid_edges=edges,
        overlaps=overlaps,
        gaps_km2=gaps,
        area_km2=float(areas_km2(geometry).sum()),
        findings=findings,
    )


class _Note(Protocol):
    def __call__(
        self, kind: str, code: str, found: str, expected: str, column: str | None = "code"
    ) -> None: ...


def _compare_names(
    boundaries: BoundarySet, listed: Mapping[str, Area], note: _Note
) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]], int]:
    renamed: list[tuple[str, str, str]] = []
    cut: list[tuple[str, str, str]] = []
    named = 0
    column = boundaries.columns.get("name_th")
    for code, name in zip(boundaries.file_names["code"], boundaries.file_names["name_th"], strict=True):
        if not isinstance(name, str) or code not in listed:
            continue
        named += 1
        official = listed[code].name_th
        plain, plain_official = plain_name(name), plain_name(official)
        # The list gives two spellings of one subdistrict: "ปอภาร (ปอพาน)".
        if plain == plain_official or plain in {
            plain_name(part) for part in re.split(r"[()]", official) if part
        }:
            continue
        # A field of 48 bytes holds 16 Thai letters; shorter beginnings are other names.
        if plain_official.startswith(plain) and len(name) >= 10:
            cut.append((code, name, official))
            note("name_cut", code, f"{code} {name}", official, column)
        else:
            renamed.append((code, name, official))
            note("renamed", code, f"{code} {name}", official, column)
    return renamed, cut, named


def _check_nesting(
    gdf: gpd.GeoDataFrame, parents: gpd.GeoDataFrame | None, note: _Note
) -> tuple[dict[str, float], int]:
    if parents is None or not len(gdf):
        return {}, 0
    parent_geometry = dict(zip(parents["code"], parents.geometry, strict=True))
    pairs: list[tuple[str, shapely.Geometry, shapely.Geometry]] = []
    for code, child in zip(gdf["code"], gdf.geometry, strict=True):
        parent = parent_geometry.get(code[:-2])
        if parent is None:
            note("parent_missing", code, code[:-2], f"{code[:-2]} polygon")
        else:
            pairs.append((code, child, parent))
    if not pairs:
        return {}, 0
    children = np.array([p[1] for p in pairs], dtype=object)
    around = np.array([p[2] for p in pairs], dtype=object)
    shares = shapely.area(shapely.intersection(children, around)) / shapely.area(children)
    bad = {pairs[i][0]: float(shares[i]) for i in np.flatnonzero(shares < _NESTED_SHARE)}
    for code, share in bad.items():
        note("not_nested", code, f"{code}: {share:.1%} in {code[:-2]}", f">= {_NESTED_SHARE:.0%}", "geometry")
    return bad, len(pairs)


def _check_coverage(codes: Sequence[str], geometry: np.ndarray) -> tuple[bool, int, tuple[Overlap, ...]]:
    if shapely.coverage_is_valid(geometry):
        return True, 0, ()
    bad = np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(geometry)))
    tree = shapely.STRtree(geometry[bad])
    left, right = tree.query(geometry[bad], predicate="intersects")
    once = left < right
    left, right = bad[left[once]], bad[right[once]]
    shared = shapely.intersection(geometry[left], geometry[right])
    km2 = areas_km2(shared) if len(shared) else np.array([])
    overlaps = [
        Overlap(codes[a], codes[b], float(area))
        for a, b, area in zip(left, right, km2, strict=True)
        if area > 1e-6
    ]
    return False, len(bad), tuple(sorted(overlaps, key=lambda o: -o.km2))


def _gaps(geometry: np.ndarray) -> tuple[float, ...]:
    merged = shapely.get_parts(shapely.union_all(geometry))
    rings = [ring for part in merged for ring in part.interiors]
    if not rings:
        return ()
    return tuple(sorted((float(a) for a in areas_km2(shapely.polygons(np.array(rings)))), reverse=True))


# ------------------------------------------------------------------------------------------------------------
# Simplifying


def simplify(gdf: gpd.GeoDataFrame, tolerance: float) -> gpd.GeoDataFrame:
    """Simplify all polygons of a level together, so that neighbours keep one shared edge.

    Parameters
    ----------
    gdf : geopandas.GeoDataFrame
        All areas of a level (or of a province), EPSG:4326.
    tolerance : float
        In degrees: corners whose triangle is smaller than the square of this are left out. 0 changes nothing.

    Returns
    -------
    geopandas.GeoDataFrame
        A copy with the same rows. Its ``attrs`` hold ``coverage_valid`` (False when the input's neighbours do
        not share their edges: such edges are simplified apart and slivers may show) and ``kept`` (codes whose
        polygon would have vanished and stayed as it was).

    Raises
    ------
    ValueError
        For a negative tolerance.
    """
    if not tolerance >= 0:
        raise ValueError(f"tolerance: found {tolerance}, expected >= 0 degrees")
    before = np.asarray(gdf.geometry, dtype=object)
    result = gdf.copy()
    if not len(gdf):
        return result
    valid = bool(shapely.coverage_is_valid(before))
    kept: list[str] = []
    if tolerance > 0:
        after = shapely.coverage_simplify(before, tolerance)
        for i in range(len(after)):
            fine = after[i] is not None and not shapely.is_empty(after[i])
            shape = (
                _multi([after[i] if shapely.is_valid(after[i]) else shapely.make_valid(after[i])])
                if fine
                else None
            )
            if shape is None or shapely.is_empty(shape):
                kept.append(str(gdf["code"].iloc[i]))
                shape = before[i]
            after[i] = shape
        result = result.set_geometry(gpd.GeoSeries(after, index=gdf.index, crs=gdf.crs))
    result.attrs = {**gdf.attrs, "coverage_valid": valid, "kept": kept}
    return result


# ------------------------------------------------------------------------------------------------------------
# What ships


@cache
def _provinces() -> gpd.GeoDataFrame:
    features = json.loads(_PROVINCES_FILE.read_text(encoding="utf-8"))["features"]
    codes = [f["properties"]["code"] for f in features]
    geometry = [_multi([shapely.from_geojson(json.dumps(f["geometry"]))]) for f in features]
    areas = official_areas()
    return gpd.GeoDataFrame(
        {
            "code": codes,
            "name_th": [areas[c].name_th for c in codes],
            "name_en": [areas[c].name_en for c in codes],
        },
        geometry=geometry,
        crs=CRS,
    )


def embedded_provinces() -> gpd.GeoDataFrame:
    """Outlines of the 77 provinces that come with the program, for a map before anything was imported.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns ``code, name_th, name_en, geometry`` in EPSG:4326, sorted by code; a fresh copy. Natural Earth
        1:10m, generalised: for display, not for measuring.

    Examples
    --------
    >>> len(embedded_provinces())
    77
    """
    return _provinces().copy()
