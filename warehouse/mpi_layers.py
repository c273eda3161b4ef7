"""Map layers of a computed index under any cut-off and weights, as a kind of `warehouse.computed_layers`.

Arguments of ``mpi``: edition, cut-off, weights, measure and year. Cut-off and weights are ``own`` for the specification's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import pandas as pd

from warehouse.computed_layers import Column, computed_url, register
from warehouse.mpi import Question
from warehouse.query import Warehouse
from warehouse.report import QueryError

if TYPE_CHECKING:
    from analytics.mpi_specs import MpiSpec

OWN: Final = "own"
VALUE: Final = "value"
"""Property of a feature that is coloured."""
DECIMALS: Final = {"h": 2, "a": 1, "m0": 6, "c": 2}
"""Decimals a measure is shown with; all but M0 are percentages."""

_CUT = re.compile(r"\d{1,2}|100", re.ASCII)
_WEIGHTS = re.compile(r"\d{1,3}(?:\.\d{1,3})+", re.ASCII)


def mpi_url(house: Warehouse, question: Question, measure: str, parent: str) -> str | None:
    """Address of the layer of a measure; None where there are no polygons.

    Parameters
    ----------
    question : Question
        Its `within` is not looked at: a layer holds all areas of `parent`, the country or a province.
    measure : str
        As for `shown`.
    """
    return computed_url(
        house,
        question.level,
        parent,
        "mpi",
        question.key,
        OWN if question.cut is None else question.cut,
        ".".join(map(str, question.weights)) or OWN,
        measure,
        question.year,
    )


def measures_of(spec: MpiSpec) -> tuple[str, ...]:
    """Measures a map can show: ``h``, ``a``, ``m0``, and ``c_<indicator>``, the censored headcounts."""
    return ("h", "a", "m0", *(f"c_{one.id}" for one in spec.indicators))


def shown(found: pd.DataFrame, measure: str) -> pd.Series:
    """One measure of `Mpi.measures` as it is shown: in percent, M0 as it is. NaN where nobody is poor, for A.

    Raises
    ------
    QueryError
        For a measure that there is not.
    """
    kind, _, indicator = measure.partition("_")
    column = {"h": "H", "a": "A", "m0": "M0", "c": "censored"}.get(kind, "")
    if (column, indicator) not in found.columns:
        raise QueryError(f"ไม่รู้จักตัววัด {measure!r}", f"unknown measure {measure!r}")
    values: pd.Series = found[column, indicator] * (1.0 if kind == "m0" else 100.0)
    return values.rename(VALUE)


def decimals(measure: str) -> int:
    """Decimals of a measure on a screen."""
    return DECIMALS[measure.partition("_")[0]]


@register("mpi")
def mpi(house: Warehouse, level: str, parent: str, arguments: Sequence[str]) -> list[Column]:
    """A measure of every area."""
    if len(arguments) != 5 or not (arguments[4].isdecimal() and len(arguments[4]) == 4):
        raise QueryError("ที่อยู่ของชั้นแผนที่ไม่ครบ", "the address of the layer is not complete")
    key, cut, weights, measure, year = arguments
    if (cut != OWN and not _CUT.fullmatch(cut)) or (weights != OWN and not _WEIGHTS.fullmatch(weights)):
        raise QueryError("ค่าตัดหรือน้ำหนักใช้ไม่ได้", "a cut-off or weights that cannot be")
    question = Question(
        key,
        level,
        parent,
        int(year),
        None if cut == OWN else int(cut),
        () if weights == OWN else tuple(int(w) for w in weights.split(".")),
    )
    return [Column(VALUE, shown(house.mpi.measures(question), measure), decimals(measure))]
