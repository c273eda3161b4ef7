"""Access to public services as map layers, alone and beside an indicator of poverty: kinds of `warehouse.computed_layers`.

Arguments of ``access``: kind of place, radius in km, source (``all`` for every one), ``exact`` or ``approximate``, the grades
with a dot between (``all``), and a group of `analytics.access_measures`. ``poor_far`` has one measure instead of the group, and
the indicator with its year behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd

from analytics.access_measures import GROUPS, MEASURES, AccessMeasure
from analytics.bivariate import Bivariate, cells, places
from analytics.catalogue import load_catalogue
from analytics.formatting import NO_DATA, number, withheld_text
from analytics.services import tidy_radius
from warehouse.computed_layers import Column, computed_url, register
from warehouse.query import Warehouse
from warehouse.report import QueryError

ALL: Final = "all"
_EXACT, _APPROXIMATE = "exact", "approximate"


@dataclass(frozen=True, slots=True)
class Reach:
    """Which places count, and how far is near.

    Attributes
    ----------
    kind : str
        Of `analytics.services.KINDS`.
    km : float
        Straight line.
    source : str or None
        Only this source; None for all.
    grades : tuple of str
        Only these; empty for all.
    approximate : bool
        Places put at the middle of their subdistrict count too.
    """

    kind: str
    km: float
    source: str | None = None
    grades: tuple[str, ...] = ()
    approximate: bool = False

    @property
    def arguments(self) -> tuple[str, ...]:
        """As they stand in a spec."""
        return (
            self.kind,
            f"{self.km:g}",
            self.source or ALL,
            _APPROXIMATE if self.approximate else _EXACT,
            ".".join(self.grades) or ALL,
        )


def read_reach(arguments: Sequence[str]) -> Reach:
    """`Reach.arguments` back; the names themselves are for `Places` to know.

    Raises
    ------
    QueryError
        For what is no radius of `tidy_radius`, or not written as `Reach.arguments` writes it.
    """
    try:
        kind, km, source, how, grades = arguments
        found = Reach(
            kind,
            float(km),
            None if source == ALL else source,
            () if grades == ALL else tuple(grades.split(".")),
            how == _APPROXIMATE,
        )
    except ValueError:
        found = None
    if found is None or found.arguments != tuple(arguments) or found.km != tidy_radius(found.km):
        raise QueryError("ที่อยู่ของชั้นแผนที่ไม่ครบ", "the address of the layer is not complete")
    return found


def measured(house: Warehouse, reach: Reach, level: str, within: str) -> pd.DataFrame:
    """`Places.measures` of a reach."""
    return house.places.measures(
        reach.kind,
        level,
        within,
        km=reach.km,
        grades=reach.grades or None,
        source=reach.source,
        approximate=reach.approximate,
    )


def access_url(house: Warehouse, reach: Reach, measure: AccessMeasure, level: str, parent: str) -> str | None:
    """Address of the layer with a measure (property of its key) of every area; None where there are no polygons."""
    return computed_url(house, level, parent, "access", *reach.arguments, measure.group)


@register("access")
def _access(house: Warehouse, level: str, parent: str, arguments: Sequence[str]) -> list[Column]:
    *reach, group = arguments or ("",)
    if group not in GROUPS:
        raise QueryError(f"ไม่รู้จักกลุ่มค่า {group!r}", f"unknown group of measures {group!r}")
    frame = measured(house, read_reach(reach), level, parent).set_index("area_code")
    return [Column(m.key, m.of(frame), m.decimals) for m in GROUPS[group]]


# ------------------------------------------------------------------------------------------------------------
# Poor and far


@dataclass(frozen=True, slots=True)
class FarQuestion:
    """An indicator beside access, of the areas of one level inside one area.

    Attributes
    ----------
    measure : str
        Key of `analytics.access_measures.MEASURES`.
    indicator : str
        Of which more is worse.
    year : int
        Common era.
    """

    reach: Reach
    measure: str
    indicator: str
    year: int
    level: str
    within: str


@dataclass(frozen=True)
class PoorAndFar:
    """Poverty and access side by side.

    Attributes
    ----------
    frame : DataFrame
        One row an area: ``code, name_th, name_en, kind, parent``; ``y`` and ``x`` (poverty and access as shown, NaN
        for none), ``y_hidden``, ``people`` and ``reason`` why it is not compared: ``hidden``, ``no_y``, ``no_x`` or empty.
    sources : tuple of str
        Of the indicator.
    """

    question: FarQuestion
    frame: pd.DataFrame
    sources: tuple[str, ...]

    @property
    def measure(self) -> AccessMeasure:
        return MEASURES[self.question.measure]

    @cached_property
    def compared(self) -> pd.DataFrame:
        """Rows that have both numbers."""
        return self.frame[self.frame["reason"] == ""]

    @cached_property
    def cells(self) -> Bivariate:
        """Thirds of each."""
        none = self.frame["reason"] != ""
        return cells(self.frame["x"].mask(none).to_numpy(), self.frame["y"].mask(none).to_numpy())

    @cached_property
    def classes(self) -> pd.DataFrame:
        """Class of ``y`` and ``x`` of the rows compared, 0 the lowest, by the index of `frame`."""
        rows = self.compared
        return pd.DataFrame(
            {
                "y": places(rows["y"].round(4).to_numpy(), self.cells.y.bounds),
                "x": places(rows["x"].round(4).to_numpy(), self.cells.x.bounds),
            },
            index=rows.index,
        )

    @cached_property
    def worst(self) -> pd.DataFrame:
        """Rows in the upper third of poverty and the worse third of access, poorest first; none where a third cannot be told."""
        y, x = self.cells.y, self.cells.x
        if y.k < 2 or x.k < 2:
            return self.frame.iloc[:0]
        far = x.k - 1 if self.measure.worse == "high" else 0
        inside = (self.classes["y"] == y.k - 1) & (self.classes["x"] == far)
        return self.compared[inside].sort_values(["y", "code"], ascending=[False, True])

    @property
    def left_out(self) -> dict[str, int]:
        """How many areas are not compared, by reason."""
        reasons = self.frame.loc[self.frame["reason"] != "", "reason"]
        return {str(k): int(n) for k, n in reasons.value_counts().sort_index().items()}


def poor_and_far(house: Warehouse, question: FarQuestion) -> PoorAndFar:
    """Set an indicator beside a measure of access.

    Parameters
    ----------
    house : Warehouse
    question : FarQuestion

    Raises
    ------
    QueryError
        For an indicator, measure, level or kind there is not.

    Notes
    -----
    Only what `Warehouse.values` gives out is used: what is hidden there stays hidden, and its area is in no class.
    """
    if question.measure not in MEASURES or question.indicator not in load_catalogue():
        raise QueryError("ไม่รู้จักตัวชี้วัดหรือค่านี้", "unknown indicator or measure")
    measure = MEASURES[question.measure]
    values = house.values(
        question.indicator, level=question.level, year=question.year, within=question.within
    )
    values = values[values["kind"] == "official"]
    access = measured(house, question.reach, question.level, question.within).set_index("area_code")
    x = measure.of(access).reindex(values["area_code"]).to_numpy()
    hidden = values["suppressed"].to_numpy(dtype=bool)
    reason = np.select(
        [hidden, values["value"].isna().to_numpy(), np.isnan(x)], ["hidden", "no_y", "no_x"], default=""
    )
    frame = pd.DataFrame(
        {
            "code": values["area_code"].to_numpy(),
            "name_th": values["name_th"].to_numpy(),
            "name_en": values["name_en"].to_numpy(),
            "kind": values["kind"].to_numpy(),
            "parent": values["parent"].to_numpy(),
            "y": values["value"].to_numpy(dtype=float),
            "x": x,
            "y_hidden": hidden,
            "people": access["people"].reindex(values["area_code"]).to_numpy(dtype=float),
            "reason": reason,
        }
    )
    return PoorAndFar(question, frame, tuple(sorted(values["source_id"].dropna().unique())))


def poor_far_url(house: Warehouse, question: FarQuestion, parent: str) -> str | None:
    """Address of the layer with ``y`` and ``x`` of every area inside `parent`; None where there are no polygons."""
    return computed_url(
        house, question.level, parent, "poor_far", *question.reach.arguments, question.measure,
        question.indicator, question.year,
    )  # fmt: skip


@register("poor_far")
def _poor_far(house: Warehouse, level: str, parent: str, arguments: Sequence[str]) -> list[Column]:
    if len(arguments) != 8 or not (arguments[7].isdecimal() and len(arguments[7]) == 4):
        raise QueryError("ที่อยู่ของชั้นแผนที่ไม่ครบ", "the address of the layer is not complete")
    *reach, measure, indicator, year = arguments
    found = poor_and_far(house, FarQuestion(read_reach(reach), measure, indicator, int(year), level, parent))
    frame = found.frame.set_index("code")
    entry = load_catalogue()[indicator]
    withheld = withheld_text(entry.unit, house.minimum)
    shown = [
        withheld if hidden else number(value, entry.decimals) if value == value else NO_DATA
        for value, hidden in zip(frame["y"], frame["y_hidden"], strict=True)
    ]
    both = (frame["reason"] == "").to_numpy()
    access = pd.Series([number(v, found.measure.decimals) for v in frame["x"]], frame.index, dtype=object)
    # Coloured only where both are known; the tooltip says what there is.
    return [
        Column("y", frame["y"].where(both), entry.decimals, pd.Series(shown, frame.index, dtype=object)),
        Column("x", frame["x"].where(both), found.measure.decimals, access),
    ]
