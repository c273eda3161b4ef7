"""Map layers of a pair of indicators and of its clusters, as kinds of `warehouse.computed_layers`.

Arguments of ``pair``: y, its year, x, its year and, where it is not the preferred one, the source of x. ``cluster`` has what
is clustered before them: ``y``, ``x``, ``both`` or ``residual``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics.catalogue import load_catalogue
from analytics.formatting import NO_DATA, number, withheld_text
from warehouse.computed_layers import Column, computed_url, register
from warehouse.query import Warehouse
from warehouse.report import QueryError

# The sums need libraries that take seconds to load: loaded when the first layer is asked for.
if TYPE_CHECKING:
    from warehouse.pairing import Pair, Question

SHORT = ("–", "HH", "LL", "HL", "LH", "–", NO_DATA)
"""Kind of a cluster in a tooltip, the same in both languages; the legend says what the letters mean."""


def pair_url(house: Warehouse, question: Question) -> str | None:
    """Address of the layer with ``x`` and ``y`` of every area; None where there are no polygons."""
    return computed_url(house, question.level, question.within, "pair", *_arguments(question))


def cluster_url(house: Warehouse, question: Question, of: str) -> str | None:
    """Address of the layer with ``k``, the kind of cluster (`analytics.clusters.KINDS`), beside x and y."""
    return computed_url(house, question.level, question.within, "cluster", of, *_arguments(question))


def _arguments(question: Question) -> list[object]:
    out: list[object] = [question.y, question.y_year, question.x, question.x_year]
    return out if question.x_source is None else [*out, question.x_source]


def _pair(house: Warehouse, level: str, parent: str, arguments: Sequence[str]) -> Pair:
    from warehouse.pairing import Question, pair

    if len(arguments) not in (4, 5) or not all(
        a.isdecimal() and len(a) == 4 for a in (arguments[1], arguments[3])
    ):
        raise QueryError("ที่อยู่ของชั้นแผนที่ไม่ครบ", "the address of the layer is not complete")
    y, y_year, x, x_year, *source = arguments
    unknown = {y, x} - load_catalogue().keys()
    if unknown:
        raise QueryError(f"ไม่รู้จักตัวชี้วัด {sorted(unknown)}", f"unknown indicator {sorted(unknown)}")
    question = Question(
        y,
        int(y_year),
        x,
        int(x_year),
        level,
        parent,
        house.source(source[0])["source_id"] if source else None,
    )
    return pair(house, question)


def _columns(house: Warehouse, found: Pair) -> list[Column]:
    codes = found.frame["code"]
    out = []
    for key, name in (("x", found.question.x), ("y", found.question.y)):
        entry = load_catalogue()[name]
        values = pd.Series(found.frame[key].to_numpy(), index=codes)
        withheld = withheld_text(entry.unit, house.minimum)
        texts = pd.Series(
            [
                withheld if hidden else number(value, entry.decimals)
                for value, hidden in zip(values, found.frame[f"{key}_hidden"], strict=True)
            ],
            index=codes,
        )
        # Coloured only where both are known; the tooltip says what there is.
        values = values.where((found.frame["reason"] == "").to_numpy())
        out.append(Column(key, values, entry.decimals, texts))
    return out


@register("pair")
def _of_pair(house: Warehouse, level: str, parent: str, arguments: Sequence[str]) -> list[Column]:
    return _columns(house, _pair(house, level, parent, arguments))


@register("cluster")
def _of_clusters(house: Warehouse, level: str, parent: str, arguments: Sequence[str]) -> list[Column]:
    from analytics.clusters import LocalClusters

    if not arguments or arguments[0] not in ("y", "x", "both", "residual"):
        raise QueryError("ไม่รู้จักชนิดของกลุ่ม", "unknown kind of cluster")
    found = _pair(house, level, parent, arguments[1:])
    if found.made_up and arguments[0] != "y":
        raise QueryError("ข้อมูลจำลองไม่มีข้อสรุป", "made-up data carry no finding")
    local = found.clusters(arguments[0])
    if not isinstance(local, LocalClusters):
        raise QueryError("ข้อมูลไม่พอสำหรับหากลุ่ม", "too few data for clusters")
    codes = found.frame["code"]
    kinds = pd.Series(local.kind.astype(np.float64), index=codes)
    texts = pd.Series([SHORT[kind] for kind in local.kind.tolist()], index=codes)
    return [Column("k", kinds, 0, texts), *_columns(house, found)]
