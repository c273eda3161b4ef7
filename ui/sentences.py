"""The plain sentences on what stands out: facts from `analytics.highlights`, words from the texts."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from analytics.catalogue import DIMENSIONS, load_dimensions
from analytics.formatting import number
from analytics.highlights import Highlight, highlights
from ui import data
from ui.figures import ranks
from ui.frame import Context
from ui.scene import Scene
from ui.texts import Words


def sentences(c: Context, rates: Scene, profile: pd.DataFrame) -> list[str]:
    """Up to three sentences on an area.

    Parameters
    ----------
    rates : Scene
        Of ``target_poor_rate``; its listed areas are the children.
    profile : DataFrame
        As `Warehouse.profile`, with target poor, its rate, the five dimensions and the overlap.
    """
    own = profile.set_index("indicator")
    values = own["value"]
    # A village's page lists its siblings, and of some years only the extremes are known: no sentence rests on these.
    inside = rates.plan.within == c.area.code and ranks(rates.listed)
    children = rates.listed if inside else rates.listed.head(0)
    exact = {k: values.get(f"overlap_{k}") for k in range(1, 6)}
    facts = highlights(
        {
            "value": values.get("target_poor_rate"),
            "numerator": values.get("target_poor"),
            "denominator": own["denominator"].get("target_poor_rate"),
        },
        children,
        dimensions={d: values.get(f"target_{d}") for d in DIMENSIONS},
        child_dimensions=_child_dimensions(c, rates) if inside else None,
        exact=exact if all(pd.notna(v) for v in exact.values()) else None,
    )
    return [sentence(fact, c.words, rates.plan.level) for fact in facts]


def _child_dimensions(c: Context, rates: Scene) -> pd.DataFrame:
    """Target poor and those failing each dimension, one row a child."""
    out = rates.listed[["area_code", "name_th", "name_en"]].reset_index(drop=True)
    codes = out["area_code"].to_numpy()
    for column, name in {"target_poor": "target_poor", **{d: f"target_{d}" for d in DIMENSIONS}}.items():
        frame = data.values(c.warehouse.snapshot, name, rates.plan.level, rates.year, rates.plan.within)
        out[column] = frame.set_index("area_code")["value"].reindex(codes).to_numpy()
    return out


def sentence(fact: Highlight, words: Words, level: str) -> str:
    """One fact in words."""
    return words(f"sentences.{fact.key}", **_filled(fact.params, words), level=words(f"level.{level}"))


def _filled(params: Mapping[str, object], words: Words) -> dict[str, str]:
    """Numbers and names as they are written in the language of the screen."""
    dimensions = load_dimensions()
    out: dict[str, str] = {}
    for name, value in params.items():
        if name == "dimension":
            entry = dimensions[str(value)]
            out[name] = words.pick(entry.name_th, entry.name_en)
        elif name.endswith(f"_name_{words.language}"):
            out[name.removesuffix(f"_{words.language}")] = str(value)
        elif isinstance(value, float):
            out[name] = number(value, 2 if "rate" in name else 1, language=words.language)
        elif isinstance(value, int):
            out[name] = number(value, 0, language=words.language)
    return out
