"""Villages for readers: where they lie, how กชช.2ค scores them, and what that makes of the areas above them.

Reached as `Warehouse.villages`. Scores say what a village has and lacks; they count no persons.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Final

import pandas as pd

from geo.codes import COUNTRY, village_name

if TYPE_CHECKING:
    from warehouse.query import Warehouse

POINT_COLUMNS: Final = ("code", "name_th", "longitude", "latitude", "source_id", "how", "confidence")
"""Columns of `Villages.points`, in order; longitude and latitude in degrees (EPSG:4326)."""

_KEPT: Final = 8
_POINTS = """
SELECT code, name_th, longitude, latitude, source_id, how, confidence FROM village_point
WHERE $within = 'TH' OR starts_with(code, $within) ORDER BY code
"""


class Villages:
    """Villages of one snapshot.

    Parameters
    ----------
    house : Warehouse

    Raises
    ------
    QueryError
        From every method, for an area, round or measure the snapshot does not have.
    StoreError
        When a file is not as it was published.

    Notes
    -----
    Safe to share between threads. Frames returned are the caller's own. A snapshot made before there were villages has none.
    """

    def __init__(self, house: Warehouse) -> None:
        self._house = house
        self._lock = threading.Lock()
        self._answers: OrderedDict[tuple[object, ...], pd.DataFrame] = OrderedDict()

    @cached_property
    def _tables(self) -> frozenset[str]:
        rows = self._house._rows(
            "SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, 'village_')"
        )
        return frozenset(str(name) for (name,) in rows)

    def _kept(self, key: tuple[object, ...], work: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """The answer to a question, from memory where it was asked before."""
        with self._lock:
            frame = self._answers.get(key)
        if frame is None:
            frame = work()
        with self._lock:
            self._answers[key] = frame
            self._answers.move_to_end(key)
            while len(self._answers) > _KEPT:
                self._answers.popitem(last=False)
        return frame.copy()

    # -- where they lie -----------------------------------------------------

    def points(self, within: str = COUNTRY) -> pd.DataFrame:
        """Villages with a place on the map, one row a village, by code.

        Parameters
        ----------
        within : str
            Only villages inside this area.

        Returns
        -------
        DataFrame
            `POINT_COLUMNS`. ``how`` says what led from the file's row to the village: ``code`` (an official code),
            ``position`` (the name, inside the subdistrict the point lies in) or ``name`` (the name, inside the subdistrict
            the file names). ``confidence`` is a grade from 0 to 1 and no probability.
        """
        self._house.area(within)
        if "village_point" not in self._tables:
            return pd.DataFrame({name: pd.Series(dtype="object") for name in POINT_COLUMNS})
        return self._kept(("points", within), lambda: self._house._table(_POINTS, {"within": within}))

    def names(self) -> dict[str, str]:
        """Code to Thai name of every village that has a name of its own, by code."""
        rows = self._house._rows("SELECT code, name_th FROM area WHERE level = 'village' ORDER BY code")
        return {str(code): str(name) for code, name in rows if name != village_name(str(code))}
