"""Where villages lie: points with codes, and points that find their village by name inside its subdistrict."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd

from geo.boundaries import embedded_provinces
from geo.codes import (
    THAI_DIGITS,
    clean_name,
    village_name,
)
from geo.coordinates import Land, Position, Zones, locate
from warehouse.report import ImportReport
from warehouse.sources.villages_codes import named_subdistrict, village_codes
from warehouse.sources.villages_rows import (
    Table,
    Taken,
    add_source,
    keep_once,
    keep_rows,
    name_of,
    note_file,
    note_row,
    source_id,
    trust,
)

SURE: Final[Mapping[str, float]] = {
    "code": 1.0,  # an official code, and the point lies in that subdistrict
    "code_province": 0.9,  # an official code; only the province could be looked at
    "code_off": 0.5,  # an official code, and the point lies in the province but outside that subdistrict
    "position": 0.9,  # the one village of that name in the subdistrict the point lies in, which the file names too
    "position_alone": 0.7,  # the same, and the file names another subdistrict or none
    "name": 0.6,  # the one village of that name in the subdistrict the file names, at its edge
    "name_alone": 0.4,  # the same, without polygons of subdistricts to look at
}
"""Grades of how sure a point is of its village: an order of ours, and no probability."""

SHARED_POSITION: Final = 0.5
"""Factor where another row of the file has the very same coordinates."""
_BAN: Final = re.compile(r"^(?:หมู่บ้าน|บ้าน|บ\.|ชุมชน)")
_MOO: Final = re.compile(r"(?:หมู่(?:ที่|บ้าน)?|ม\.)\s*[0-9]+.*$")
_SIGNS: Final = re.compile(r"[\s\-_.,()ฯ0-9]")


def country_of(boundaries: Mapping[str, gpd.GeoDataFrame] | None) -> Country:
    frames = dict(boundaries or {})
    frames.setdefault("province", embedded_provinces())
    return Country(Land(frames), Zones(frames.get("subdistrict")))


@dataclass(frozen=True, slots=True)
class Country:
    """Where points lie: any area to look into, and the subdistricts there are polygons of."""

    land: Land
    subdistricts: Zones


def take_points(
    table: Table,
    country: Country,
    known: Mapping[str, str],
    taken: Taken,
    report: ImportReport,
    title: str | None,
) -> None:
    keep_rows(table, report)
    x, y = table.shapes or (table.columns[table.roles["longitude"]], table.columns[table.roles["latitude"]])
    official = "code" in table.roles or "moo" in table.roles
    called = title or Path(table.file).stem
    source = add_source(
        taken, table, source_id("points", called), called, "จุดหมู่บ้าน", "Points of villages", None
    )
    seen: Counter[tuple[str, str]] = Counter(zip(x, y, strict=True))
    repeated = sum(n - 1 for (a, b), n in seen.items() if a and b)
    if official:
        made = _by_code(table, x, y, country, taken, report)
    else:
        made = _by_name(table, x, y, country, {**known, **taken.names}, report)
    if repeated:
        report.facts["repeated_points"] = report.facts.get("repeated_points", 0) + repeated
    for point in made:
        at = point.pop("at")
        if seen[(x[at], y[at])] > 1:
            point["confidence"] = round(point["confidence"] * SHARED_POSITION, 3)
            note_row(report, table, at, "villages.repeated_point", f"{x[at]}, {y[at]}", "x 1", "latitude")
        taken.points.append({**point, "source_id": source})
    report.facts["points_in_file"] = report.facts.get("points_in_file", 0) + len(table.rows)
    if official or not made:
        trust(table, len(made), report)
    else:
        # Names that are not found are no fault of the file.
        report.rows_accepted += len(made)
        report.rows_rejected += len(table.rows) - len(made)


def note_place(table: Table, at: int, found: str, fault: str, report: ImportReport) -> None:
    note_row(
        report, table, at, "villages.row_position", f"{found} ({fault})", "97.2-105.8, 5.5-20.6", "latitude"
    )


def _by_code(
    table: Table,
    x: Sequence[str],
    y: Sequence[str],
    country: Country,
    taken: Taken,
    report: ImportReport,
) -> list[dict[str, Any]]:
    codes = village_codes(table, report)
    parts = [
        re.sub(r"\D", "", table.cell("code", at).translate(THAI_DIGITS)) for at in range(len(table.rows))
    ]
    positions = locate(x, y, codes, country.land)
    for at, position in enumerate(positions):
        if codes[at] is not None and position.fault is not None:
            codes[at] = None
            note_place(table, at, f"{x[at]}, {y[at]}", position.fault, report)
    # Of the clusters of a village (ten digits) the first is the village itself.
    order = sorted(
        range(len(codes)), key=lambda at: (codes[at] or "", parts[at][8:] if len(parts[at]) == 10 else "", at)
    )
    first: dict[str, int] = {}
    for at in order:
        code = codes[at]
        if code is None:
            continue
        if code in first and len(parts[at]) == 10:
            note_row(report, table, at, "villages.row_part", parts[at], f"{code}01", "code")
            codes[at] = None
        first.setdefault(code, at)
    keep_once(table, codes, report)
    made = []
    for at, code in enumerate(codes):
        if code is None:
            continue
        position = positions[at]
        for repair in position.repairs:
            report.repairs[f"position_{repair}"] += 1
        how = how_sure(table, at, code, position, f"{x[at]}, {y[at]}", country, report)
        name = name_of(table, at)
        if name:
            taken.names.setdefault(code, name)
        else:
            taken.names.setdefault(code, "")
        made.append(
            {
                "at": at,
                "code": code,
                "name_th": name or village_name(code),
                "longitude": position.longitude,
                "latitude": position.latitude,
                "how": "code",
                "confidence": SURE[how],
            }
        )
    return made


def how_sure(
    table: Table, at: int, code: str, position: Position, shown: str, country: Country, report: ImportReport
) -> str:
    """How sure the point of a coded village is: a key of `SURE`; one outside its own subdistrict is told."""
    if code[:6] not in country.subdistricts.codes:
        return "code_province"
    if country.land.near(position.longitude, position.latitude, code[:6]):
        return "code"
    note_row(report, table, at, "villages.outside_own", f"{code} {shown}", f"<= 3 km {code[:6]}", "latitude")
    return "code_off"


def village_key(name: str) -> str:
    """A village's name as it is compared: without บ้าน, its number and signs.

    Examples
    --------
    >>> village_key("บ้านหนองสะแก หมู่ที่ 3") == village_key("หนองสะแก")
    True
    """
    bare = _MOO.sub("", _BAN.sub("", clean_name(name).translate(THAI_DIGITS)))
    return _SIGNS.sub("", bare)


def _by_name(
    table: Table,
    x: Sequence[str],
    y: Sequence[str],
    country: Country,
    known: Mapping[str, str],
    report: ImportReport,
) -> list[dict[str, Any]]:
    """Find each point's village by its name, in the subdistrict the point lies in, else in the one the file names."""
    if not any(name and name != village_name(code) for code, name in known.items()):
        note_file(report, table, "villages.unknown_villages", "0", ">= 1")
        return []
    if not country.subdistricts.codes:
        note_file(report, table, "villages.no_polygons", "0", "7,425", severity="warn")
    there: dict[tuple[str, str], list[str]] = defaultdict(list)
    for code, name in known.items():
        if key := village_key(name):
            there[(code[:6], key)].append(code)
    named = [named_subdistrict(table, at) for at in range(len(table.rows))]
    positions = locate(x, y, [None] * len(x), country.land)
    good = [at for at, position in enumerate(positions) if position.fault is None]
    inside: list[str | None] = [None] * len(x)
    lies = country.subdistricts.lying(
        [positions[at].longitude for at in good], [positions[at].latitude for at in good]
    )
    for at, lying in zip(good, lies, strict=True):
        inside[at] = lying
    keys = [village_key(name_of(table, at)) for at in range(len(table.rows))]
    found: list[tuple[str, str] | None] = [None] * len(x)
    reasons: Counter[str] = Counter()
    for at in range(len(x)):
        position = positions[at]
        if position.fault is not None:
            note_place(table, at, f"{x[at]}, {y[at]}", position.fault, report)
            reasons["position"] += 1
            continue
        own, said = inside[at], named[at]
        here = there.get((own, keys[at]), []) if own is not None else []
        if here:
            how = "position" if said == own else "position_alone"
        elif said is not None and country.land.near(position.longitude, position.latitude, said):
            here, how = (
                there.get((said, keys[at]), []),
                "name" if said in country.subdistricts.codes else "name_alone",
            )
        if len(here) == 1:
            found[at] = (here[0], how)
            continue
        reason = "ambiguous" if here else "unmatched"
        reasons[reason] += 1
        _miss(table, at, reason, own or said or "-", report)
    shared = Counter(pair[0] for pair in found if pair is not None)
    made = []
    for at, pair in enumerate(found):
        if pair is None:
            continue
        code, how = pair
        if shared[code] > 1:
            # Which of the points of that name is the village, nothing tells.
            reasons["ambiguous"] += 1
            _miss(table, at, "ambiguous", code[:6], report)
            continue
        made.append(
            {
                "at": at,
                "code": code,
                "name_th": name_of(table, at),
                "longitude": positions[at].longitude,
                "latitude": positions[at].latitude,
                "how": how.partition("_")[0],
                "confidence": SURE[how],
            }
        )
    report.facts["left_out"] = dict(sorted(reasons.items()))
    return made


def _miss(table: Table, at: int, reason: str, where: str, report: ImportReport) -> None:
    note_row(report, table, at, f"villages.row_{reason}", f"{name_of(table, at)} ({where})", "x 1", "name")
