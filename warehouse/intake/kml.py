"""The "kml" reader: the placemarks of a KML file as columns of text, without GDAL.

KML can point at other files and at the network (``NetworkLink``, ``href``, entities); nothing here follows anything. A document
type, in which entities would be declared, is refused unread.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

import pyarrow as pa

from warehouse.intake.faults import Refused, finding
from warehouse.intake.kinds import require, spoken
from warehouse.intake.text import MAX_COLUMNS, ROW
from warehouse.report import Finding

LONGITUDE, LATITUDE = "longitude", "latitude"
MAX_PLACEMARKS = 1_000_000
MAX_DEPTH = 64
_OWN = ("folder", "name", "description", LONGITUDE, LATITUDE)
_TEXTS = frozenset({"name", "description", "value", "SimpleData", "coordinates"})


class _Placemarks:
    """What the parser has seen so far."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.rows: list[dict[str, str]] = []
        self.columns: dict[str, None] = dict.fromkeys(_OWN)
        self.path: list[str] = []
        self.folders: list[str] = []
        self.row: dict[str, str] | None = None
        self.field = ""
        self.text: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if not self.path and tag != "kml":
            raise Refused(finding("intake.kind", self.file, f"xml <{tag}>"[:60], "xml <kml>"))
        if len(self.path) >= MAX_DEPTH:
            raise Refused(finding("intake.unreadable", self.file, f"> {MAX_DEPTH} levels", "KML"))
        self.path.append(tag)
        if tag == "Placemark":
            self.row = {"folder": " / ".join(name for name in self.folders if name)}
        elif tag == "Folder":
            self.folders.append("")
        elif tag in ("Data", "SimpleData"):
            self.field = attributes.get("name", "").strip()
        if tag in _TEXTS:
            self.text = []

    def data(self, text: str) -> None:
        if self.path and self.path[-1] in _TEXTS:
            self.text.append(text)

    def end(self, tag: str) -> None:
        tag = self.path.pop()
        above = self.path[-1] if self.path else ""
        said = "".join(self.text).strip() if tag in _TEXTS else ""
        if tag == "Folder":
            self.folders.pop()
        elif tag == "name" and above == "Folder":
            self.folders[-1] = said
        elif tag == "Placemark" and self.row is not None:
            self._keep(self.row)
            self.row = None
        elif self.row is None:
            return
        elif tag in ("name", "description") and above == "Placemark":
            self.row[tag] = said
        elif tag == "value" or tag == "SimpleData":
            if self.field and self.field not in (*_OWN, ROW):
                self.columns.setdefault(self.field)
                self.row.setdefault(self.field, said)
        elif tag == "coordinates" and above == "Point":
            longitude, _, rest = said.partition(",")
            # One point a placemark; of several the first would be a guess.
            repeated = LONGITUDE in self.row
            self.row[LONGITUDE] = "" if repeated else longitude.strip()
            self.row[LATITUDE] = "" if repeated else rest.partition(",")[0].strip()

    def _keep(self, row: dict[str, str]) -> None:
        self.rows.append(row)
        if len(self.rows) > MAX_PLACEMARKS or len(self.columns) > MAX_COLUMNS:
            found = f"{len(self.rows)} x {len(self.columns)}"
            raise Refused(finding("intake.too_large", self.file, found, f"{MAX_PLACEMARKS} x {MAX_COLUMNS}"))


def read_kml(
    data: bytes, file: str, _options: Mapping[str, Any]
) -> tuple[pa.Table, dict[str, Any], list[Finding]]:
    """Read every placemark.

    Returns
    -------
    pyarrow.Table, dict, list of Finding
        Text columns ``folder`` (names of the folders around it), ``name``, ``description``, ``longitude``, ``latitude``
        (EPSG:4326, as written; empty where the placemark is no single point), those of the extended data, and ``_row``, the
        placemark's number from 1.

    Raises
    ------
    Refused
        ``intake.kind``, ``intake.unreadable``, ``intake.too_large`` or ``vector.no_features``.
    """
    require(data, file, frozenset({"xml"}))
    seen = _Placemarks(file)
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def doctype(*_about: object) -> None:
        raise Refused(finding("intake.unreadable", file, "<!DOCTYPE>", "KML"))

    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = seen.start
    parser.EndElementHandler = seen.end
    parser.CharacterDataHandler = seen.data
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise Refused(finding("intake.unreadable", file, f"{spoken(data)} ({error})"[:80], "KML")) from None
    if not seen.rows:
        raise Refused(finding("vector.no_features", file, "0", ">= 1"))
    columns: dict[str, pa.Array] = {
        name: pa.array([row.get(name, "") for row in seen.rows], pa.string()) for name in seen.columns
    }
    columns[ROW] = pa.array(range(1, len(seen.rows) + 1), pa.int32())
    return pa.table(columns), {"rows": len(seen.rows), "encoding": "utf-8", "format": "KML"}, []
