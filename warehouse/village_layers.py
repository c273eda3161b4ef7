"""Map layers of villages: the set ``village`` of `warehouse.point_layers`.

Without arguments the villages as they lie; with a specification, a measure and a year, ``village-plan11-level-2015``, each with
its class ``k``: the level or the worst score, 0 where nothing applies, left out where it is not certain. A village whose
confidence is below `UNSURE` is marked as approximate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from analytics.village_specs import Spec
from geo.codes import COUNTRY
from warehouse.point_layers import points_url, register_points
from warehouse.query import Warehouse
from warehouse.report import QueryError
from warehouse.villages import LEVEL, Round

SET: Final = "village"
UNSURE: Final = 0.5
"""Below this a point is drawn as a ring: the file has the same coordinates for two villages, or nothing but names agreed."""


def village_url(
    house: Warehouse,
    found: Round | None = None,
    measure: str = LEVEL,
    *,
    within: str = COUNTRY,
    clusters: bool = False,
) -> str:
    """Address of the villages of the country or a province, with their classes where a round is given."""
    arguments = () if found is None else (found.spec.id, measure, str(found.year))
    return points_url(house, SET, *arguments, within=within, clusters=clusters)


@register_points(SET, ("หมู่บ้าน", "villages"))
def villages(house: Warehouse, within: str, arguments: Sequence[str]) -> pd.DataFrame:
    """Villages with names, where they lie and how they are classed."""
    points = house.villages.points(within)
    out = pd.DataFrame(
        {
            "longitude": points["longitude"],
            "latitude": points["latitude"],
            "province": points["code"].str[:2],
            "c": points["code"],
            "n": points["name_th"],
            "a": (points["confidence"] < UNSURE).map({True: 1.0, False: None}),
        }
    )
    if not arguments:
        # Every point has a second line, or the tooltip would show the place it is filled into.
        around = [house.area(code[:6]) for code in out["c"]]
        out["t_th"] = [f"{area.name_th} · ไม่มีคะแนน" for area in around]
        out["t_en"] = [f"{area.name_en or area.name_th} · no score" for area in around]
        return out
    if len(arguments) != 3 or not (arguments[2].isdecimal() and len(arguments[2]) == 4):
        raise QueryError("ไม่รู้จักชั้นหมู่บ้าน", "unknown layer of villages")
    spec_id, measure, year = arguments[0], arguments[1], int(arguments[2])
    spec = house.villages.round(spec_id, year).spec
    classes = house.villages.classed(spec_id, year, measure, within).set_index("code")["k"]
    out["k"] = classes.reindex(out["c"]).to_numpy(dtype=float)
    told = {float(k): class_words(spec, measure, k) for k in (0, 1, 2, 3)}
    unknown = class_words(spec, measure, None)
    words = [told.get(k, unknown) for k in out["k"]]
    out["t_th"], out["t_en"] = [th for th, _ in words], [en for _, en in words]
    return out


def class_words(spec: Spec, measure: str, k: int | None) -> tuple[str, str]:
    """What a class says in Thai and English; None is not certain."""
    if k is None:
        return "ไม่แน่นอนหรือไม่มีคะแนน", "not certain, or no score"
    if k == 0:
        return "ไม่เกี่ยวข้อง", "does not apply"
    named = (spec.levels if measure == LEVEL else spec.scores)[k - 1]
    return named.name_th, named.name_en
