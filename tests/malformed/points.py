"""Malformed tables and layers of public services."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyproj
import shapely
import xlsxwriter

from tests.malformed.cases import Case, Verdict, add

HEADER = "code,name,type,province,beds,lat,lon"
ROWS = (
    "00101,โรงพยาบาลหนึ่ง,รพช.,น่าน,30,18.7900,100.7800",
    "00102,โรงพยาบาลสอง,รพท.,อุบลราชธานี,120,15.2300,104.8500",
    "00103,โรงพยาบาลสาม,รพ.สต.,กรุงเทพมหานคร,0,13.7535,100.5018",
)
TRUE = {
    "00101": ("55", 18.79, 100.78),
    "00102": ("34", 15.23, 104.85),
    "00103": ("10", 13.7535, 100.5018),
}
TWO = {code: TRUE[code] for code in ("00102", "00103")}
#: A number with the check digit of an identity card, of nobody.
NOBODY = "1101700000001"


def add_case(
    number: int,
    name: str,
    what: str,
    verdict: Verdict,
    code: str,
    make: Callable[[Path, random.Random], list[Path]],
    *,
    row: bool,
    column: bool,
    truth: Mapping[str, Any],
    options: Mapping[str, Any],
) -> None:
    refused = verdict == "reject"
    add(
        Case(
            number, f"places-{name}", what, "places", verdict, code, make,
            row=refused and row, column=refused and column, truth={"places": truth}, options=options,
        )
    )  # fmt: skip


def places(
    number: int,
    name: str,
    what: str,
    verdict: Verdict,
    code: str,
    data: bytes | str,
    *,
    file: str = "places.csv",
    row: bool = True,
    column: bool = False,
    truth: Mapping[str, Any] = TRUE,
    options: Mapping[str, Any] | None = None,
) -> None:
    """A table, or anything else, as the bytes of one file."""

    def make(folder: Path, _random: random.Random) -> list[Path]:
        path = folder / file
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return [path]

    add_case(
        number, name, what, verdict, code, make, row=row, column=column, truth=truth, options=options or {}
    )


def layer(
    number: int,
    name: str,
    what: str,
    verdict: Verdict,
    code: str,
    save: Callable[[gpd.GeoDataFrame, Path], Path],
    *,
    row: bool = True,
    truth: Mapping[str, Any] = TRUE,
) -> None:
    """The same places as a layer with points."""

    def make(folder: Path, _random: random.Random) -> list[Path]:
        fields = [row.split(",") for row in ROWS]
        frame = gpd.GeoDataFrame(
            {
                "code": [f[0] for f in fields],
                "name": [f[1] for f in fields],
                "province": [f[3] for f in fields],
            },
            geometry=[shapely.Point(float(f[6]), float(f[5])) for f in fields],
            crs=4326,
        )
        return [save(frame, folder)]

    add_case(number, name, what, verdict, code, make, row=row, column=False, truth=truth, options={})


def table(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def changed(old: str, new: str, many: int = 1) -> str:
    text = table(*ROWS)
    assert old in text
    return text.replace(old, new, many)


def coded(first: str) -> str:
    """The table with codes of provinces instead of their names."""
    return (
        changed("น่าน", first)
        .replace("province", "province_code")
        .replace("อุบลราชธานี", "34")
        .replace("กรุงเทพมหานคร", "10")
    )


def metres(shift: int = 0) -> str:
    """The table with positions in metres of their zones, or of a zone beside them."""
    lines = []
    for row in ROWS:
        *rest, lat, lon = row.split(",")
        zone = (47 if float(lon) < 102 else 48) + shift
        x, y = pyproj.Transformer.from_crs(4326, 32600 + zone, always_xy=True).transform(
            float(lon), float(lat)
        )
        lines.append(",".join([*rest, f"{y:.1f}", f"{x:.1f}"]))
    return table(*lines)


places(1, "zero-lost", "hospital codes that lost their zeros", "repair", "code_padded",
       table(*(r.lstrip("0") for r in ROWS), header=HEADER.replace("code", "รหัส H Code").replace("type", "ชนิด รพ.")
             .replace("name", "ชื่อโรงพยาบาล")))  # fmt: skip
places(2, "code-as-float", "an area code stored as a decimal", "repair", "float",
       coded("55.0"))  # fmt: skip
places(5, "cp874", "Windows-874", "repair", "encoding_cp874", table(*ROWS).encode("cp874"))
places(6, "garbled", "Thai read as Latin-1 and saved", "reject", "places.garbled",
       changed("โรงพยาบาลหนึ่ง", "âÃ§¾ÂÒºÒÅË¹Öè§"), column=True)  # fmt: skip
places(10, "mixed-encodings", "two encodings in one file", "reject", "csv.encoding",
       table(*ROWS).encode() + "00104,โรงพยาบาลสี่,รพช.,น่าน,30,18.8,100.8\n".encode("cp874"))  # fmt: skip
places(
    12,
    "zero-width",
    "zero-width signs in a name",
    "repair",
    "invisible",
    changed("โรงพยาบาลหนึ่ง", "โรง\u200bพยาบาลหนึ่ง"),
)
places(13, "thai-digits", "a latitude in Thai digits", "accept", "", changed("18.7900", "๑๘.๗๙๐๐"))
places(14, "thousands-separator", "metres with thousands separators", "repair", "utm_47n",
       changed("18.7900,100.7800", '"2,078,530.5","687,602.7"'))  # fmt: skip
places(
    15,
    "decimal-comma",
    "decimal commas",
    "repair",
    "decimal_comma",
    changed("18.7900,100.7800", '"18,79","100,78"'),
)
places(15, "degrees-minutes-seconds", "degrees, minutes and seconds", "repair", "degrees_minutes_seconds",
       changed("18.7900,100.7800", "18°47'24\"N,100°46'48\"E".replace('"', '""').join(('"', '"')).replace(",", '","')))  # fmt: skip
places(16, "semicolon", "semicolons", "accept", "", table(*ROWS).replace(",", ";"))
places(17, "extra-cell", "a name with an unquoted comma", "repair", "places.ragged", changed("โรงพยาบาลหนึ่ง", "โรงพยาบาล,หนึ่ง"),
       truth=TWO)  # fmt: skip
places(
    19,
    "missing-cell",
    "a row that ends early",
    "repair",
    "places.ragged",
    changed(",100.7800", ""),
    truth=TWO,
)
places(20, "twice", "two columns of one name", "reject", "places.column_twice",
       table(*(f"{r},x" for r in ROWS), header=f"{HEADER},name"), column=True)  # fmt: skip
places(
    21,
    "title-rows",
    "two titles above the header",
    "repair",
    "title_rows",
    "ตารางที่ 1 โรงพยาบาล\nที่มา,กระทรวง\n" + table(*ROWS),
)
places(22, "nowhere", "neither coordinates nor areas", "reject", "places.header",
       table(*(r.rsplit(",", 4)[0] for r in ROWS), header="code,name,type"))  # fmt: skip
places(22, "nameless", "neither names nor codes", "reject", "places.header",
       table(*(r.split(",", 3)[3] for r in ROWS), header="province,beds,lat,lon"))  # fmt: skip
places(24, "nul", "a NUL byte", "reject", "csv.nul", changed("โรงพยาบาลหนึ่ง", "โรง\x00พยาบาล"))
places(27, "empty", "an empty file", "reject", "intake.empty", b"", row=False)
places(28, "header-only", "a header and no row", "reject", "places.nothing_below", HEADER + "\n")
places(32, "closed-be", "a place closed on a Buddhist leap day", "repair", "closed_left_out",
       table(f"{ROWS[0]},29/02/2567", f"{ROWS[1]},", f"{ROWS[2]},31/12/2699", header=f"{HEADER},วันที่ปิดบริการ"),
       truth=TWO)  # fmt: skip
places(38, "negative-beds", "beds below zero", "repair", "places.schema", changed(",30,", ",-30,"), truth=TWO)
places(41, "half-a-bed", "half a bed", "repair", "places.schema", changed(",30,", ",30.5,"), truth=TWO)
places(43, "unknown-area", "a province there is not", "repair", "places.area",
       coded("05"), truth=TWO)  # fmt: skip
places(44, "name-differs", "a code and the name of another province", "repair", "places.name_differs",
       table(*(f"{r},{c}" for r, c in zip(ROWS, ("55", "34", "10"), strict=True)), header=f"{HEADER},area_code")
       .replace("น่าน", "แพร่"))  # fmt: skip
places(46, "code-twice", "one code for two places", "repair", "places.code_twice", changed("00102", "00101"),
       truth={"00103": TRUE["00103"], "*": 2})  # fmt: skip
places(46, "row-twice", "a row that stands twice", "repair", "repeated_rows", table(*ROWS, ROWS[0]))
places(51, "formula", "a formula for a name", "accept", "", changed("โรงพยาบาลหนึ่ง", "=HYPERLINK(A1)"))
places(52, "markup", "markup in a name", "accept", "", changed("โรงพยาบาลหนึ่ง", "<script>โรงพยาบาล</script>"))
places(55, "households", "identity numbers beside positions", "reject", "places.personal",
       table(*(f"{r},{NOBODY}" for r in ROWS), header=f"{HEADER},note"), column=True)  # fmt: skip
places(
    55,
    "persons",
    "names of persons",
    "reject",
    "places.personal",
    changed("โรงพยาบาลหนึ่ง", "นายสมมติ ใจดี"),
    column=True,
)
places(55, "counts", "amenities counted by subdistrict", "reject", "places.counts",
       "PROV_CODE,AMP_CODE,TAM_CODE,amenity,name,layer\n50,5,13,clinic,คลินิก,clinic\n")  # fmt: skip
places(59, "total-row", "a row of totals", "repair", "note_rows", table(*ROWS, ",รวม,,,150,,"))
places(85, "swapped", "latitude and longitude exchanged", "repair", "swapped",
       table(*(",".join((*r.split(",")[:5], *r.split(",")[:4:-1])) for r in ROWS)))  # fmt: skip
places(85, "swapped-unproved", "exchanged, and no province to prove it by", "reject", "places.most_wrong",
       "name,lat,lon\nโรงพยาบาลหนึ่ง,100.78,18.79\nโรงพยาบาลสอง,104.85,15.23\n")  # fmt: skip
places(86, "metres", "metres of both zones", "repair", "utm_48n", metres())
places(88, "zone", "metres of a zone that is not there", "reject", "places.most_wrong", metres(1))
places(
    89, "far-east", "a longitude of 460", "repair", "places.outside", changed("100.7800", "460.78"), truth=TWO
)
places(
    89,
    "same",
    "latitude equal to longitude",
    "repair",
    "places.same",
    changed("18.7900", "100.7800"),
    truth=TWO,
)
places(89, "other-province", "a position in another province", "repair", "places.other_area",
       changed("18.7900,100.7800", "15.2300,104.8500"), truth=TWO)  # fmt: skip
places(89, "zero", "a latitude of zero", "repair", "places.zero", changed("18.7900", "0"), truth=TWO)
places(89, "no-position", "0, 0 for an unknown position", "repair", "zero_taken_for_missing",
       changed("18.7900,100.7800", "0.0,0.0"), truth=TRUE | {"00101": ("55", None, None)})  # fmt: skip
places(
    89, "words", "a word for a latitude", "repair", "places.not_a_number", changed("18.7900", "วัด"), truth=TWO
)


def as_sheet(folder: Path, _random: random.Random) -> list[Path]:
    path = folder / "places.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("ข้อมูล")
        sheet.write_row(0, 0, ["ทะเบียนโรงพยาบาล"])
        sheet.write_row(1, 0, HEADER.split(","))
        for number, row in enumerate(ROWS, 2):
            code, *texts, beds, lat, lon = row.split(",")
            sheet.write_row(number, 0, [f'="{code}"', *texts, int(beds), float(lat), float(lon)])
            sheet.write_string(number, 0, f'="{code}"')
    return [path]


add_case(1, "formula-text", 'a workbook with codes as ="00101" under a title', "repair", "excel_formula", as_sheet, row=False,
         column=False, truth=TRUE, options={})  # fmt: skip


def _shape(frame: gpd.GeoDataFrame, folder: Path, *, projection: bool = True) -> Path:
    path = folder / "places.shp"
    frame.to_file(path, encoding="utf-8")
    if not projection:
        path.with_suffix(".prj").unlink()
    return path


def _geojson(frame: gpd.GeoDataFrame, folder: Path) -> Path:
    path = folder / "places.geojson"
    path.write_text(frame.to_json(drop_id=True), encoding="utf-8")
    return path


def _gpkg(frame: gpd.GeoDataFrame, folder: Path) -> Path:
    path = folder / "places.gpkg"
    frame.to_file(path, layer="places")
    return path


def _with(frame: gpd.GeoDataFrame, first: Any) -> gpd.GeoDataFrame:
    return frame.set_geometry(gpd.GeoSeries([first, *frame.geometry[1:]], crs=frame.crs))


def _cut(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[:6000])
    return path


def _labelled(frame: gpd.GeoDataFrame, folder: Path, zone: int) -> Path:
    """Degrees written down as metres of a zone they are not of."""
    other = frame.to_crs(32600 + 95 - zone).set_crs(32600 + zone, allow_override=True)
    return _gpkg(other, folder)


layer(
    73,
    "no-projection",
    "a shapefile without .prj, in degrees",
    "accept",
    "",
    lambda f, d: _shape(f, d, projection=False),
)
layer(73, "geojson", "GeoJSON", "accept", "", _geojson)
layer(83, "no-point", "a feature without geometry", "accept", "", lambda f, d: _geojson(_with(f, None), d),
      truth=TRUE | {"00101": ("55", None, None)})  # fmt: skip
layer(
    87,
    "indian-1954",
    "a projection that is not taken",
    "reject",
    "places.crs",
    lambda f, d: _gpkg(f.to_crs(4239), d),
    row=False,
)
layer(
    88,
    "zone-label",
    "UTM 47N labelled 48N",
    "reject",
    "places.most_wrong",
    lambda f, d: _labelled(f, d, 48),
    row=False,
)
layer(90, "two-points", "a feature of two points", "repair", "places.several_points",
      lambda f, d: _geojson(_with(f, shapely.MultiPoint([(100.78, 18.79), (100.8, 18.8)])), d), truth=TWO)  # fmt: skip
layer(90, "line", "a line among points", "repair", "places.several_points",
      lambda f, d: _geojson(_with(f, shapely.LineString([(100.78, 18.79), (100.8, 18.8)])), d), truth=TWO)  # fmt: skip
layer(90, "building", "an outline of a building", "repair", "polygon_to_point",
      lambda f, d: _geojson(_with(f, shapely.box(100.77, 18.78, 100.79, 18.80)), d))  # fmt: skip
layer(
    97,
    "cut-geopackage",
    "a GeoPackage that was cut short",
    "reject",
    "intake.unreadable",
    lambda f, d: _cut(_gpkg(f, d)),
    row=False,
)

_KML = """<?xml version="1.0" encoding="UTF-8"?>{head}<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{more}
<Placemark><name>โรงพยาบาลหนึ่ง</name><ExtendedData><Data name="code"><value>00101</value></Data></ExtendedData>
<Point><coordinates>100.7800,18.7900,0</coordinates></Point></Placemark></Document></kml>"""
_ONE = {"00101": TRUE["00101"]}
places(100, "kml", "KML", "accept", "", _KML.format(head="", more=""), file="places.kml", truth=_ONE)
places(100, "kml-link", "KML that points at the network and at a file", "accept", "",
       _KML.format(head="", more="<NetworkLink><Link><href>http://127.0.0.1:9/x.kml</href></Link></NetworkLink>"
                   "<styleUrl>file:///etc/passwd</styleUrl>"), file="places.kml", truth=_ONE)  # fmt: skip
places(100, "kml-entity", "KML with an entity of another file", "reject", "intake.unreadable",
       _KML.format(head='<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>', more="<name>&x;</name>"),
       file="places.kml", row=False)  # fmt: skip
places(100, "kml-bomb", "KML whose entities multiply", "reject", "intake.unreadable",
       _KML.format(head='<!DOCTYPE kml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>', more="<name>&b;&b;</name>"),
       file="places.kml", row=False)  # fmt: skip
places(100, "vrt", "a virtual layer called KML", "reject", "intake.kind",
       '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>',
       file="places.kml", row=False)  # fmt: skip
places(100, "vrt-geojson", "a virtual layer called GeoJSON", "reject", "vector.kind",
       '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>',
       file="places.geojson", row=False)  # fmt: skip
places(100, "geojson-link", "GeoJSON whose projection is a link", "reject", "vector.kind",
       json.dumps({"type": "FeatureCollection", "crs": {"type": "link", "properties": {"href": "http://127.0.0.1:9/x"}},
                   "features": []}), file="places.geojson", row=False)  # fmt: skip
