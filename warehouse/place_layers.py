"""Map layers of public services: the places themselves, as the set ``place`` of `warehouse.point_layers`.

Arguments of ``place``: the kind; then, each where it is wanted, ``approximate``, ``of.<source>`` and grades.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analytics.services import load_services
from geo.codes import COUNTRY
from warehouse.access_layers import Reach
from warehouse.point_layers import points_url, register_points
from warehouse.query import Warehouse
from warehouse.report import QueryError

SET = "place"
APPROXIMATE = "approximate"
OF_SOURCE = "of."


def place_url(house: Warehouse, reach: Reach, *, within: str = COUNTRY, clusters: bool = False) -> str:
    """Address of the places of a reach, whose radius does not matter.

    Parameters
    ----------
    within : str
        ``TH`` or a province.
    clusters : bool
        The country's places gathered into bubbles.
    """
    options = [
        *([APPROXIMATE] if reach.approximate else []),
        *([OF_SOURCE + reach.source] if reach.source else []),
        *reach.grades,
    ]
    return points_url(house, SET, reach.kind, options=options, within=within, clusters=clusters)


@register_points(SET, ("แห่ง", "places"))
def places(house: Warehouse, within: str, arguments: Sequence[str]) -> pd.DataFrame:
    """Places with names, grades and where they lie."""
    if not arguments:
        raise QueryError("ไม่รู้จักประเภทสถานที่", "unknown kind of place")
    kind, *rest = arguments
    source = next((word.removeprefix(OF_SOURCE) for word in rest if word.startswith(OF_SOURCE)), None)
    grades = [word for word in rest if word != APPROXIMATE and not word.startswith(OF_SOURCE)]
    found = house.places.points(
        kind, within=within, grades=grades or None, source=source, approximate=APPROXIMATE in rest
    )
    grade_of = load_services().of_kind(kind)
    named, first, second = [], [], []
    for thai, english, grade, code, near in zip(
        *(found[c].tolist() for c in ("name_th", "name_en", "grade", "area_code", "approximate")), strict=True
    ):
        level, area = grade_of[grade], house.area(code)
        named.append(thai or english or level.name_th)
        first.append(" · ".join((level.name_th, area.name_th, *(["ตำแหน่งโดยประมาณ"] if near else []))))
        own = [english] if english and thai else []
        second.append(
            " · ".join((*own, level.name_en, area.name_en, *(["approximate position"] if near else [])))
        )
    return pd.DataFrame(
        {
            "longitude": found["longitude"],
            "latitude": found["latitude"],
            "province": found["area_code"].str[:2],
            "c": found["place_id"],
            "n": named,
            "g": found["grade"],
            "a": found["approximate"].map({True: 1.0}),
            "t_th": first,
            "t_en": second,
        }
    )
