"""Map layers of public services: the places themselves, as the set ``place`` of `warehouse.point_layers`.

Arguments of ``place``: the kind, the word ``approximate`` where places put at the middle of their subdistrict are wanted
too, and grades where not all are.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from geo.codes import COUNTRY
from warehouse.point_layers import points_url, register_points
from warehouse.query import Warehouse
from warehouse.report import QueryError

SET = "place"
APPROXIMATE = "approximate"
KINDS = ("health", "school", "office", "other")

_PLACES = """
SELECT place_id, grade, name_th, name_en, area_code, longitude, latitude, approximate FROM place
WHERE kind = $kind AND longitude IS NOT NULL AND latitude IS NOT NULL
  AND ($approximate OR NOT approximate) AND ($within = 'TH' OR starts_with(area_code, $within))
ORDER BY area_code, place_id
"""


def place_url(
    house: Warehouse,
    kind: str,
    *,
    within: str = COUNTRY,
    grades: Sequence[str] = (),
    approximate: bool = False,
    clusters: bool = False,
) -> str:
    """Address of the places of a kind.

    Parameters
    ----------
    within : str
        ``TH`` or a province.
    grades : sequence of str
        Only these; empty for all.
    approximate : bool
        Places without coordinates of their own too.
    clusters : bool
        The country's places gathered into bubbles.
    """
    arguments = [kind, *([APPROXIMATE] if approximate else []), *grades]
    return points_url(house, SET, *arguments, within=within, clusters=clusters)


@register_points(SET, ("แห่ง", "places"))
def places(house: Warehouse, within: str, arguments: Sequence[str]) -> pd.DataFrame:
    """Places with their names, grades and where they lie."""
    if not arguments or arguments[0] not in KINDS:
        raise QueryError("ไม่รู้จักประเภทสถานที่", "unknown kind of place")
    kind, *rest = arguments
    approximate = rest[:1] == [APPROXIMATE]
    grades = rest[1:] if approximate else rest
    # Snapshots made before there were places have no such table.
    if not house._rows("SELECT 1 FROM information_schema.tables WHERE table_name = 'place'"):
        raise QueryError("ชุดข้อมูลนี้ไม่มีสถานที่", "this snapshot has no places")
    found = house._table(_PLACES, {"kind": kind, "approximate": approximate, "within": within})
    if grades:
        found = found[found["grade"].isin(grades)]
    where = {code: house.area(str(code)) for code in found["area_code"].dropna().unique()}
    return pd.DataFrame(
        {
            "longitude": found["longitude"],
            "latitude": found["latitude"],
            "province": found["area_code"].str[:2],
            "c": found["place_id"],
            "n": found["name_th"],
            "g": found["grade"],
            "a": found["approximate"].map({True: 1, False: None}),
            "t_th": [where[code].name_th for code in found["area_code"]],
            "t_en": [where[code].name_en for code in found["area_code"]],
        }
    )
