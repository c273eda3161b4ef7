"""Malformed maps: shapefiles, GeoPackages, GeoJSON and GeoParquet of three districts or seventeen subdistricts."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

from geo.codes import official_areas
from tests.malformed.cases import Case, Verdict, add

# GeoPackages hold the time they were written.
os.environ.setdefault("OGR_CURRENT_DATE", "2026-01-01T00:00:00Z")

_SUBDISTRICTS = sorted(c for c, a in official_areas().items() if a.level == "subdistrict" and c[:2] == "83")


def areas(level: str = "subdistrict") -> gpd.GeoDataFrame:
    """Squares side by side where Phuket is, with its official codes and names."""
    step = 0.5 / len(_SUBDISTRICTS)
    codes = sorted(c for c, a in official_areas().items() if a.level == level and c[:2] == "83")
    boxes = []
    for code in codes:
        at = [i for i, inside in enumerate(_SUBDISTRICTS) if inside.startswith(code)]
        boxes.append(shapely.box(98.0 + at[0] * step, 7.5, 98.0 + (at[-1] + 1) * step, 8.0))
    digit = {"province": 1, "district": 2, "subdistrict": 3}[level]
    return gpd.GeoDataFrame(
        {
            f"ADM{digit}_TH": [official_areas()[c].name_th for c in codes],
            f"ADM{digit}_EN": [official_areas()[c].name_en for c in codes],
            f"ADM{digit}_PCODE": ["TH" + c for c in codes],
        },
        geometry=boxes,
        crs="EPSG:4326",
    )


#: Level -> code -> area in square degrees.
SOUND_AREAS: dict[str, dict[str, float]] = {
    level: {
        code[2:]: round(float(area), 6)
        for code, area in zip(frame.iloc[:, 2], shapely.area(frame.geometry.values), strict=True)
    }
    for level in ("district", "subdistrict")
    for frame in [areas(level)]
}

Build = Callable[[Path], Any]


def boundaries(
    number: int,
    name: str,
    what: str,
    verdict: Verdict,
    code: str,
    build: Build,
    *,
    row: bool = False,
    column: bool = False,
    truth: dict[str, float] | None = None,
    reader: str = "boundaries",
    **options: Any,
) -> None:
    """`build` writes one layer into a folder and returns the path to import."""

    def make(folder: Path, _random: random.Random) -> list[Path]:
        return [build(folder)]

    add(
        Case(
            number,
            f"map-{name}",
            what,
            reader,
            verdict,
            code,
            make,
            row=row,
            column=column,
            truth={} if truth is None else {"areas": truth},
            options=options,
        )
    )


def shapefile(
    folder: Path,
    frame: gpd.GeoDataFrame | None = None,
    *,
    encoding: str = "UTF-8",
    cpg: bool = True,
    drop: tuple[str, ...] = (),
    change: Callable[[Path], object] = lambda _: None,
) -> Path:
    """A zipped shapefile; `change` gets the folder of its parts before they are zipped."""
    parts = folder / "parts"
    parts.mkdir()
    pyogrio.write_dataframe(areas() if frame is None else frame, parts / "areas.shp", encoding=encoding)
    if not cpg:
        (parts / "areas.cpg").unlink(missing_ok=True)
    for suffix in drop:
        (parts / f"areas{suffix}").unlink()
    dbf = parts / "areas.dbf"
    if dbf.exists():
        data = bytearray(dbf.read_bytes())
        data[1:4] = b"\x7e\x01\x01"  # the date of the last change
        dbf.write_bytes(data)
    change(parts)
    path = folder / "areas.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(parts.iterdir()):
            archive.writestr(zipfile.ZipInfo(part.name), part.read_bytes())
    shutil.rmtree(parts)
    return path


def gpkg(folder: Path, frame: gpd.GeoDataFrame | None = None, layer: str = "areas") -> Path:
    pyogrio.write_dataframe(areas() if frame is None else frame, folder / "areas.gpkg", layer=layer)
    return folder / "areas.gpkg"


def geojson(
    folder: Path, change: Callable[[dict[str, Any]], object] = lambda _: None, frame: Any = None
) -> Path:
    """A GeoJSON whose document `change` may spoil before it is written."""
    document = json.loads((areas() if frame is None else frame).to_json(drop_id=True))
    change(document)
    (folder / "areas.geojson").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return folder / "areas.geojson"


def ring(
    coordinates: list[list[float]], kind: str = "Polygon", at: int = 0
) -> Callable[[dict[str, Any]], object]:
    def change(document: dict[str, Any]) -> None:
        document["features"][at]["geometry"] = {"type": kind, "coordinates": [coordinates]}

    return change


def moved(frame: gpd.GeoDataFrame, at: int, shape: Any) -> gpd.GeoDataFrame:
    shapes = list(frame.geometry)
    shapes[at] = shape
    return frame.set_geometry(gpd.GeoSeries(shapes, crs=frame.crs))


def relabelled(frame: gpd.GeoDataFrame, crs: str | int) -> gpd.GeoDataFrame:
    return frame.set_crs(crs, allow_override=True)


def cells(frame: gpd.GeoDataFrame, column: str, values: dict[int, str]) -> gpd.GeoDataFrame:
    for at, value in values.items():
        frame.loc[at, column] = value
    return frame


def cut(parts: Path, suffix: str, to: int) -> None:
    path = parts / f"areas{suffix}"
    path.write_bytes(path.read_bytes()[:to])


def _records(parts: Path, count: int) -> None:
    path = parts / "areas.dbf"
    data = bytearray(path.read_bytes())
    data[4:8] = struct.pack("<I", count)
    path.write_bytes(data)


def _unnested(depth: int) -> Callable[[dict[str, Any]], object]:
    def change(document: dict[str, Any]) -> None:
        inner = document["features"][0]["geometry"]
        for _ in range(depth):
            inner = {"type": "GeometryCollection", "geometries": [inner]}
        document["features"][0]["geometry"] = inner

    return change


def _two_layers(folder: Path) -> Path:
    gpkg(folder, areas("district"), "one")
    pyogrio.write_dataframe(areas(), folder / "areas.gpkg", layer="two", append=True)
    return folder / "areas.gpkg"


def with_wal(folder: Path) -> Path:
    """A GeoPackage whose last change is still in a write-ahead log that did not come along."""
    path = gpkg(folder, areas("district"))
    work = folder / "work.gpkg"
    path.rename(work)
    connection = sqlite3.connect(work)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE later (n INTEGER)")
    connection.commit()
    shutil.copy(work, path)
    connection.close()
    for left in folder.glob("work.gpkg*"):
        left.unlink()
    return path


def _sqlite(folder: Path) -> Path:
    path = folder / "areas.gpkg"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE people (cid TEXT)")
    connection.commit()
    connection.close()
    return path


def _text(name: str, text: str) -> Build:
    def build(folder: Path) -> Path:
        (folder / name).write_text(text, encoding="utf-8")
        return folder / name

    return build


def _zip(**members: str | bytes) -> Build:
    def build(folder: Path) -> Path:
        with zipfile.ZipFile(folder / "areas.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members.items():
                archive.writestr(zipfile.ZipInfo(name.replace("__", "/")), data, zipfile.ZIP_DEFLATED)
        return folder / "areas.zip"

    return build


def _circle(points: int) -> gpd.GeoDataFrame:
    frame = areas("district")
    box = frame.geometry[0]
    return moved(frame, 0, shapely.segmentize(box, box.length / points))


_GARBLED = {
    i: official_areas()[c].name_th.encode("cp874").decode("latin-1") for i, c in enumerate(_SUBDISTRICTS)
}
_FIRST = areas().geometry[0]
_WEST, _SOUTH, _EAST, _NORTH = _FIRST.bounds
_BOW = shapely.Polygon([(_WEST, _SOUTH), (_EAST, _NORTH), (_EAST, _SOUTH), (_WEST, _NORTH)])
# A square with one ear folded over itself by a ten-thousandth of its area.
_EAR = shapely.Polygon(
    [(_WEST, _SOUTH), (_EAST, _SOUTH), (_EAST, _NORTH), (_WEST, _NORTH), (_WEST, _NORTH - 2e-3),
     (_WEST + 5e-4, _NORTH - 1e-3), (_WEST + 5e-4, _NORTH - 2e-3), (_WEST, _NORTH - 1e-3)]
)  # fmt: skip
_VRT = '<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
_GDALG = '{"type":"gdal_streamed_alg","command_line":"gdal vector pipeline ! read /etc/passwd"}'

boundaries(
    1,
    "split-codes",
    "codes in three columns, without their zeros",
    "repair",
    "padded",
    lambda f: gpkg(
        f,
        gpd.GeoDataFrame(
            {
                "prov": [c[:2] for c in _SUBDISTRICTS],
                "amp": [str(int(c[2:4])) for c in _SUBDISTRICTS],
                "tam": [str(int(c[4:])) for c in _SUBDISTRICTS],
            },
            geometry=list(areas().geometry),
            crs=4326,
        ),
    ),
)
boundaries(
    2,
    "float-codes",
    "codes as 830101.0",
    "repair",
    "float",
    lambda f: gpkg(f, cells(areas(), "ADM3_PCODE", {i: c + ".0" for i, c in enumerate(_SUBDISTRICTS)})),
)
boundaries(
    4,
    "scientific-code",
    "a code as 8.30101E+05",
    "reject",
    "boundaries.code_unreadable",
    lambda f: gpkg(f, cells(areas(), "ADM3_PCODE", {3: "8.30104E+05"})),
    row=True,
    column=True,
)
boundaries(
    6,
    "garbled",
    "Thai read as Latin-1 and saved",
    "reject",
    "boundaries.garbled",
    lambda f: gpkg(f, cells(areas().drop(columns="ADM3_EN"), "ADM3_TH", {0: _GARBLED[0]})),
    row=True,
    column=True,
)
boundaries(
    13,
    "thai-digits",
    "codes in Thai digits",
    "repair",
    "thai_digits",
    lambda f: gpkg(
        f,
        cells(
            areas(),
            "ADM3_PCODE",
            {i: c.translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")) for i, c in enumerate(_SUBDISTRICTS)},
        ),
    ),
)
boundaries(
    43,
    "unknown-code",
    "a code nobody registered",
    "reject",
    "boundaries.code_unreadable",
    lambda f: gpkg(f, cells(areas(), "ADM3_PCODE", {3: "TH830149"})),
    row=True,
    column=True,
)
boundaries(
    44,
    "another-name",
    "a code under another area's name",
    "repair",
    "boundaries.renamed",
    lambda f: gpkg(f, cells(areas(), "ADM3_TH", {3: "บางรัก"})),
)
boundaries(
    48,
    "areas-missing",
    "two areas are missing",
    "repair",
    "boundaries.missing",
    lambda f: gpkg(f, areas().iloc[2:]),
    truth={c: SOUND_AREAS["subdistrict"][c] for c in _SUBDISTRICTS[2:]},
)
boundaries(
    73,
    "no-prj-metres",
    "metres without a projection",
    "reject",
    "boundaries.crs_missing",
    lambda f: shapefile(f, areas().to_crs(32647), drop=(".prj",)),
)
boundaries(
    73,
    "no-prj-degrees",
    "degrees without a projection",
    "repair",
    "crs_assumed",
    lambda f: shapefile(f, drop=(".prj",)),
)
boundaries(74, "no-shx", "no .shx", "reject", "vector.part_missing", lambda f: shapefile(f, drop=(".shx",)))
boundaries(75, "no-dbf", "no .dbf", "reject", "vector.part_missing", lambda f: shapefile(f, drop=(".dbf",)))
boundaries(
    76,
    "cp874-dbf",
    "a .dbf in Windows-874 without .cpg",
    "repair",
    "encoding_cp874",
    lambda f: shapefile(f, encoding="CP874", cpg=False),
)
boundaries(
    76,
    "utf-8-dbf",
    "a .dbf in UTF-8 without .cpg",
    "accept",
    "",
    lambda f: shapefile(f, areas("district"), cpg=False),
)
boundaries(
    77,
    "cut-columns",
    "column names cut to ten letters",
    "accept",
    "",
    lambda f: shapefile(
        f,
        areas("district").rename(
            columns={"ADM2_TH": "district_n", "ADM2_EN": "district_1", "ADM2_PCODE": "district_c"}
        ),
    ),
)
boundaries(
    78,
    "cut-shp",
    "a .shp cut short",
    "reject",
    "vector.counts",
    lambda f: shapefile(f, change=lambda p: cut(p, ".shp", 900)),
)
boundaries(
    78,
    "cut-dbf",
    "a .dbf cut short",
    "reject",
    "vector.counts",
    lambda f: shapefile(f, change=lambda p: cut(p, ".dbf", 900)),
)
boundaries(
    79,
    "fewer-records",
    "fewer records than shapes",
    "reject",
    "vector.counts",
    lambda f: shapefile(f, change=lambda p: _records(p, 5)),
)
boundaries(
    80,
    "bow-tie",
    "a ring that crosses itself",
    "reject",
    "boundaries.ring_changed",
    lambda f: gpkg(f, moved(areas(), 0, _BOW)),
    row=True,
    column=True,
)
boundaries(
    80,
    "folded-corner",
    "a corner folded over itself, hardly any area",
    "repair",
    "boundaries.ring_repaired",
    lambda f: gpkg(f, moved(areas(), 0, _EAR)),
)
boundaries(
    81,
    "open-ring",
    "a ring that is not closed",
    "reject",
    "boundaries.geometry_unreadable",
    lambda f: geojson(f, ring([[_WEST, _SOUTH], [_EAST, _SOUTH], [_EAST, _NORTH], [_WEST, _NORTH]])),
    row=True,
)
boundaries(
    82,
    "two-points",
    "a ring of two points",
    "reject",
    "boundaries.geometry_unreadable",
    lambda f: geojson(f, ring([[_WEST, _SOUTH], [_EAST, _NORTH]])),
    row=True,
)
boundaries(
    83,
    "null-geometry",
    "no geometry",
    "reject",
    "boundaries.geometry_missing",
    lambda f: gpkg(f, moved(areas(), 2, None)),
    row=True,
    column=True,
)
boundaries(
    83,
    "empty-geometry",
    "an empty polygon",
    "reject",
    "boundaries.geometry_missing",
    lambda f: gpkg(f, moved(areas(), 2, shapely.Polygon())),
    row=True,
    column=True,
)
boundaries(
    84,
    "nan",
    "a coordinate that is no number",
    "reject",
    "boundaries.geometry_unreadable",
    lambda f: gpkg(f, moved(areas(), 2, shapely.Polygon([(98, 7), (98.1, np.nan), (98.1, 7.1), (98, 7)]))),
    row=True,
    column=True,
)
boundaries(
    84,
    "nan-geojson",
    "NaN in a GeoJSON",
    "reject",
    "boundaries.geometry_unreadable",
    lambda f: geojson(f, ring([[98, 7], [98.1, float("nan")], [98.1, 7.1], [98, 7]])),
)
boundaries(
    85,
    "swapped",
    "latitude before longitude",
    "reject",
    "boundaries.swapped",
    lambda f: gpkg(
        f, areas().set_geometry(shapely.transform(areas().geometry.values, lambda x: x[:, ::-1]), crs=4326)
    ),
    column=True,
)
boundaries(
    86,
    "metres-as-degrees",
    "metres declared to be degrees",
    "reject",
    "boundaries.outside",
    lambda f: gpkg(f, relabelled(areas().to_crs(32647), 4326)),
    column=True,
)
boundaries(
    87,
    "indian-1975",
    "Indian 1975 in degrees",
    "reject",
    "boundaries.crs",
    lambda f: gpkg(f, areas().to_crs(4240)),
)
boundaries(
    87,
    "indian-1975-utm",
    "Indian 1975, UTM zone 47",
    "accept",
    "",
    lambda f: gpkg(f, areas("district").to_crs(24047)),
)
boundaries(
    88,
    "wrong-zone",
    "zone 47 labelled zone 48",
    "reject",
    "boundaries.misplaced",
    lambda f: gpkg(f, relabelled(areas().to_crs(32647), 32648)),
    row=True,
    column=True,
)
boundaries(
    89,
    "lon-460",
    "a longitude of 460",
    "reject",
    "boundaries.outside",
    lambda f: gpkg(f, moved(areas(), 0, shapely.box(460, 7, 461, 8))),
    row=True,
    column=True,
)
boundaries(
    90,
    "points",
    "points instead of areas",
    "reject",
    "boundaries.not_polygon",
    lambda f: gpkg(f, areas().set_geometry(areas().geometry.representative_point())),
)
boundaries(
    90,
    "one-point",
    "a point among areas",
    "reject",
    "boundaries.not_polygon",
    lambda f: geojson(
        f, lambda d: d["features"][3].update(geometry={"type": "Point", "coordinates": [98.1, 7.6]})
    ),
    row=True,
    column=True,
)
boundaries(
    91,
    "heights",
    "coordinates with heights",
    "repair",
    "z_dropped",
    lambda f: gpkg(f, areas().set_geometry(shapely.force_3d(areas().geometry.values, 5.0), crs=4326)),
)
boundaries(
    92,
    "overlap",
    "neighbours that overlap",
    "repair",
    "boundaries.overlap",
    lambda f: gpkg(f, moved(areas("district"), 0, shapely.box(98.0, 7.5, 98.4, 8.0))),
    truth=SOUND_AREAS["district"] | {"8301": round(0.4 * 0.5, 6)},
)
boundaries(
    92,
    "gap",
    "a hole between neighbours",
    "repair",
    "boundaries.gap",
    lambda f: gpkg(
        f,
        moved(
            areas("district"), 0, areas("district").geometry[0].difference(shapely.box(98.05, 7.6, 98.1, 7.7))
        ),
    ),
    truth=SOUND_AREAS["district"] | {"8301": round(SOUND_AREAS["district"]["8301"] - 0.005, 6)},
)
boundaries(
    93,
    "sliver",
    "a part without area",
    "repair",
    "boundaries.ring_repaired",
    lambda f: gpkg(
        f,
        moved(
            areas(),
            0,
            shapely.MultiPolygon([_FIRST, shapely.Polygon([(98.001, 7.6), (98.002, 7.6), (98.0015, 7.6)])]),
        ),
    ),
)
boundaries(
    93,
    "no-area",
    "an area without area",
    "reject",
    "boundaries.geometry_unreadable",
    lambda f: gpkg(f, moved(areas(), 0, shapely.Polygon([(98, 7.6), (98.02, 7.6), (98.01, 7.6)]))),
    row=True,
    column=True,
)
boundaries(
    94,
    "code-twice",
    "one code twice",
    "reject",
    "boundaries.duplicate",
    lambda f: gpkg(f, cells(areas(), "ADM3_PCODE", {4: "TH" + _SUBDISTRICTS[3]})),
    row=True,
    column=True,
)
boundaries(
    95,
    "deep-collection",
    "a geometry nested 500 deep",
    "reject",
    "boundaries.not_polygon",
    lambda f: geojson(f, _unnested(500)),
    row=True,
)
boundaries(
    96, "many-corners", "an area of 200,000 corners", "accept", "", lambda f: gpkg(f, _circle(200_000))
)
boundaries(
    97,
    "cut-gpkg",
    "a GeoPackage cut short",
    "reject",
    "intake.unreadable",
    lambda f: (p := gpkg(f), p.write_bytes(p.read_bytes()[:20_000]))[0],
)
boundaries(97, "plain-sqlite", "a database that is no GeoPackage", "reject", "intake.unreadable", _sqlite)
boundaries(98, "two-layers", "two layers and none named", "reject", "vector.several", _two_layers)
boundaries(98, "two-layers-named", "two layers, one named", "accept", "", _two_layers, layer="one")
boundaries(
    100,
    "vrt-as-geojson",
    "a virtual layer called .geojson",
    "reject",
    "vector.kind",
    _text("areas.geojson", _VRT),
)
boundaries(
    100, "vrt-as-gpkg", "a virtual layer called .gpkg", "reject", "vector.kind", _text("areas.gpkg", _VRT)
)
boundaries(
    100, "vrt-as-shp", "a virtual layer called .shp", "reject", "vector.kind", _text("areas.shp", _VRT)
)
boundaries(
    100, "vrt-in-zip", "a virtual layer in a zip", "reject", "vector.kind", _zip(**{"areas.geojson": _VRT})
)
boundaries(
    100,
    "pipeline",
    "a GDAL pipeline called .geojson",
    "reject",
    "vector.kind",
    _text("areas.geojson", _GDALG),
)
boundaries(
    100,
    "crs-link",
    "a coordinate system behind a link",
    "reject",
    "vector.kind",
    lambda f: geojson(
        f, lambda d: d.update(crs={"type": "link", "properties": {"href": "http://127.0.0.1:9/"}})
    ),
)
boundaries(
    100, "nothing-in-zip", "a zip without a layer", "reject", "vector.kind", _zip(**{"readme.txt": b"x"})
)
boundaries(27, "empty", "an empty file", "reject", "intake.empty", _text("areas.geojson", ""))
boundaries(
    28,
    "no-features",
    "a layer without features",
    "reject",
    "vector.no_features",
    lambda f: geojson(f, lambda d: d["features"].clear()),
)

boundaries(99, "lost-wal", "a GeoPackage without its write-ahead log", "reject", "vector.wal", with_wal)
boundaries(100, "zip-slip", "a zip that climbs out", "reject", "zip.name", _zip(**{"..__areas.shp": b"x"}))
boundaries(
    100,
    "zip-bomb",
    "a zip that grows a thousandfold",
    "reject",
    "zip.ratio",
    _zip(**{"areas.geojson": b"\0" * (8 << 20)}),
)
boundaries(
    100,
    "zip-in-zip",
    "a zip in a zip",
    "reject",
    "zip.nested",
    _zip(**{"inner.zip": b"PK\x03\x04", "a.shp": b"x"}),
)
