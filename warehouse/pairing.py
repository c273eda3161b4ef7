"""Two published indicators of the same areas side by side, with everything said of the pair.

Written for poverty and night light; any two indicators of the catalogue can be asked for. A pair is put together and
worked out once for a snapshot: its numbers, the association, the nine cells of its map, the patterns and the clusters.
What is hidden in the snapshot has no value here either, and each area that is left out is counted under its reason.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.association import Association, NoResult, associate
from analytics.bivariate import Bivariate, cells
from analytics.catalogue import Indicator, load_catalogue
from analytics.clusters import LocalClusters, Moran, Neighbours, contiguity, local_moran, moran, ranks
from geo.boundaries import embedded_provinces
from geo.codes import COUNTRY
from warehouse.query import Warehouse, published_file
from warehouse.report import QueryError

Floats = npt.NDArray[np.float64]

KEPT_PAIRS: Final = 24
"""Pairs kept, all snapshots together; one of all subdistricts takes about 2 MB."""

LEFT_OUT: Final = ("hidden", "no_y", "no_polygon", "no_x")
"""Why an area takes no part, in the order asked: its y is hidden, it has no y, it is a municipality without a polygon, it has
no x."""

MADE_UP: Final = ("modelled", "synthetic")
"""Kinds of source whose numbers show how something would look, and prove nothing."""

VARIABLES: Final = ("y", "x", "both", "residual")


@dataclass(frozen=True, slots=True)
class Question:
    """A pair that can be asked for.

    Attributes
    ----------
    y, x : str
        Indicators: what is described (poverty) and what it is described by (light).
    y_year, x_year : int
        Common era.
    level : str
        ``province``, ``district`` or ``subdistrict``.
    within : str
        The country or a province.
    x_source : str or None
        Source of x; None for the preferred one.
    """

    y: str
    y_year: int
    x: str
    x_year: int
    level: str
    within: str = COUNTRY
    x_source: str | None = None


def logarithmic(indicator: Indicator) -> bool:
    """Whether an indicator is set against others by its logarithm: amounts are, shares and indices are not.

    Examples
    --------
    >>> from analytics.catalogue import indicator
    >>> logarithmic(indicator("gpp_per_head")), logarithmic(indicator("target_poor_rate"))
    (True, False)
    """
    return indicator.unit not in ("percent", "score", "stars", "index", "dimensions")


class Pair:
    """One pair, worked out when asked for and kept.

    Attributes
    ----------
    question : Question
    frame : DataFrame
        One row an area: ``code, name_th, name_en, kind, y, x, y_hidden, x_hidden, reason``; ``reason`` is empty for areas that
        take part, and only these have numbers in both columns. Ordered by code.
    sources : tuple of str
        Ids of the sources of x.
    y_sources : tuple of str
    made_up : bool
        Whether x comes from a modelled or synthetic source.
    """

    def __init__(self, house: Warehouse, question: Question) -> None:
        self.question = question
        self._house = house
        y = house.values(
            question.y, level=question.level, year=question.y_year, within=question.within
        ).set_index("area_code")
        x = house.values(
            question.x,
            level=question.level,
            year=question.x_year,
            within=question.within,
            source=question.x_source,
        ).set_index("area_code")
        codes = sorted(set(y.index) | set(x.index))
        known = y.reindex(codes)
        known = known.where(known["kind"].notna(), x.reindex(codes))
        of_y, of_x = (part["value"].reindex(codes).to_numpy(dtype=float) for part in (y, x))
        y_hidden, x_hidden = _true(y["suppressed"], codes), _true(x["suppressed"], codes)
        hidden = y_hidden | x_hidden
        municipal = (known["kind"] == "municipal").to_numpy()
        reason = np.select(
            [hidden, ~np.isfinite(of_y), municipal & ~np.isfinite(of_x), ~np.isfinite(of_x)], LEFT_OUT, ""
        )
        taking = reason == ""
        self.frame = pd.DataFrame(
            {
                "code": codes,
                "name_th": known["name_th"].to_numpy(),
                "name_en": known["name_en"].to_numpy(),
                "kind": known["kind"].to_numpy(),
                "y": np.where(y_hidden, np.nan, of_y),
                "x": np.where(x_hidden, np.nan, of_x),
                "y_hidden": y_hidden,
                "x_hidden": x_hidden,
                "reason": reason,
            }
        )
        self._x = np.where(taking, of_x, np.nan)
        self._y = np.where(taking, of_y, np.nan)
        self.y_sources = tuple(sorted(y["source_id"].dropna().unique()))
        self.sources = tuple(sorted(x["source_id"].dropna().unique()))
        self.made_up = any(house.source(s)["kind"] in MADE_UP for s in (*self.sources, *self.y_sources))
        self._lock = threading.RLock()

    @property
    def left_out(self) -> dict[str, int]:
        """Areas that take no part, by reason; reasons nobody has are not listed."""
        counts = self.frame["reason"].value_counts()
        return {reason: int(counts[reason]) for reason in LEFT_OUT if reason in counts}

    @cached_property
    def association(self) -> Association:
        """Correlations and the robust line of y on x, in the order of `frame`."""
        return associate(self._x, self._y, logarithm=logarithmic(load_catalogue()[self.question.x]))

    @cached_property
    def cells(self) -> Bivariate:
        """The classes of the map."""
        return cells(self._x, self._y)

    @cached_property
    def neighbours(self) -> Neighbours | None:
        """Of the areas of `frame`; None where the snapshot has no polygons of the level."""
        whole = neighbours(self._house, self.question.level)
        return None if whole is None else whole.among(self.frame["code"].tolist())

    def _variable(self, of: str) -> tuple[Floats, Floats | None]:
        """Ranks: rates and light are so skewed that one area would be the whole pattern."""
        if of not in VARIABLES:
            raise ValueError(f"variable: found {of!r}, expected one of {', '.join(VARIABLES)}")
        if of == "residual":
            return ranks(self.association.residual), None
        return (
            (ranks(self._x), None)
            if of == "x"
            else (ranks(self._y), ranks(self._x) if of == "both" else None)
        )

    def moran(self, of: str) -> Moran | NoResult | None:
        """Global Moran's I of the ranks of ``y``, ``x``, ``both`` (y with its neighbours' x) or the line's ``residual``.

        None where there are no polygons.
        """
        with self._lock:
            return self._morans[of] if of in self._morans else self._morans.setdefault(of, self._moran(of))

    def _moran(self, of: str) -> Moran | NoResult | None:
        first, second = self._variable(of)
        return None if self.neighbours is None else moran(first, self.neighbours, second)

    @cached_property
    def _morans(self) -> dict[str, Moran | NoResult | None]:
        return {}

    def clusters(self, of: str) -> LocalClusters | NoResult | None:
        """Local clusters of the ranks of ``y``, ``x``, ``both`` or ``residual``, in the order of `frame`.

        None where there are no polygons.
        """
        with self._lock:
            if of not in self._clusters:
                first, second = self._variable(of)
                self._clusters[of] = (
                    None if self.neighbours is None else local_moran(first, self.neighbours, second)
                )
            return self._clusters[of]

    @cached_property
    def _clusters(self) -> dict[str, LocalClusters | NoResult | None]:
        return {}


def _true(column: pd.Series[bool], codes: list[str]) -> npt.NDArray[np.bool_]:
    return column.reindex(codes).eq(True).to_numpy(dtype=bool)


_making = threading.Lock()
_pairs: OrderedDict[tuple[Path, Question], Pair] = OrderedDict()
_touching: OrderedDict[tuple[Path, str], Neighbours | None] = OrderedDict()


def pair(house: Warehouse, question: Question) -> Pair:
    """The pair of a question, put together once for a snapshot.

    Raises
    ------
    QueryError
        For an indicator, level or area that is not there.
    """
    if question.level not in ("province", "district", "subdistrict"):
        raise QueryError(f"ไม่รู้จักระดับ {question.level!r}", f"unknown level {question.level!r}")
    key = (house.info.path, question)
    with _making:
        known = _pairs.get(key)
        if known is not None:
            _pairs.move_to_end(key)
            return known
    made = Pair(house, question)
    with _making:
        known = _pairs.setdefault(key, made)
        while len(_pairs) > KEPT_PAIRS:
            _pairs.popitem(last=False)
    return known


def neighbours(house: Warehouse, level: str) -> Neighbours | None:
    """Which areas of a level touch, from the boundaries of the snapshot; None where it has none of this level.

    Worked out when first asked for: a fraction of a second for all subdistricts, so nothing is stored.
    """
    key = (house.info.path, level)
    with _making:
        if key in _touching:
            _touching.move_to_end(key)
            return _touching[key]
        frame = boundaries(house, level)
        found = None if frame is None else contiguity(frame)
        _touching[key] = found
        while len(_touching) > 6:
            _touching.popitem(last=False)
        return found


def boundaries(house: Warehouse, level: str) -> gpd.GeoDataFrame | None:
    """Polygons of a level as published (EPSG:4326), columns ``code, geometry``; None where the snapshot has none."""
    file = published_file(house.info.path.parent, house.snapshot, f"boundaries/{level}.parquet")
    if file is not None:
        return gpd.read_parquet(file, columns=["code", "geometry"])
    return embedded_provinces() if level == "province" and house.drawable("province") else None
