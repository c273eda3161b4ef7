"""Public services of a snapshot and how near they are to people.

Reached as `Warehouse.places`. Distances are straight lines (`analytics.access`), measured from villages where their points
are known and from the inner points of subdistricts elsewhere, to the listed places of all provinces: a hospital over the border
of a province counts, if a source lists it. What is not known is NaN, never zero: people that a source leaves out, areas no
source of places covers, levels that nobody has counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from analytics import access
from analytics.access import Bands, Points
from analytics.catalogue import load_catalogue
from analytics.services import KINDS, MAX_KM, load_services
from analytics.stars import RANK_COVERAGE
from geo.codes import COUNTRY, official_areas
from warehouse.kept import Kept
from warehouse.report import QueryError

if TYPE_CHECKING:
    from warehouse.query import Warehouse

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

PER_PEOPLE: Final = 10_000
LEAST_PEOPLE: Final = 100
"""Fewer people make no rate and no mean: one place for one person who was surveyed would be 10,000 per 10,000."""

VILLAGE: Final = "village"
INNER_POINT: Final = "subdistrict inner point"
MIXED: Final = "mixed"
PEOPLE: Final = "surveyed_persons"
"""Indicator that says how many people live somewhere, unless another is asked for."""

WIDTHS: Final = {"country": 0, "province": 2, "district": 4, "subdistrict": 6, "village": 8}
POINT_COLUMNS: Final = (
    "place_id",
    "source_id",
    "kind",
    "grade",
    "name_th",
    "name_en",
    "code",
    "area_code",
    "longitude",
    "latitude",
    "approximate",
    "capacity",
    "capacity_unit",
    "note",
)
ORIGIN_COLUMNS: Final = (
    "code",
    "name_th",
    "name_en",
    "longitude",
    "latitude",
    "people",
    "people_assumed",
    "kind",
)
MEASURES: Final = (
    "places",
    "places_coarse",
    "people",
    "per_10000",
    "origins",
    "origins_people",
    "nearest_km",
    "nearest_km_people",
    "share_villages_within",
    "share_people_within",
    "access_2sfca",
    "access_e2sfca",
)
"""Numeric columns of `Places.measures`."""

_ORDER: Final = (
    *("area_code", "name_th", "name_en", "places", "places_coarse"),
    *("people", "people_indicator", "people_year", "people_source", "per_10000"),
    *("origins", "origins_kind", "origins_people", "people_assumed"),
    *("nearest_km", "nearest_km_people", "share_villages_within", "share_people_within"),
    *("access_2sfca", "access_e2sfca"),
)

_WEIGHTED: Final = ("nearest_km_people", "share_people_within", "access_2sfca", "access_e2sfca")

# Pairs of origin and place that are held at once, 24 bytes each; and how much denser than the country villages lie where places do.
_PAIRS: Final = 2_000_000
_CROWDED: Final = 4
_COUNTRY_KM2: Final = 513_120
# Origins of a snapshot have 10 MB, what reaches them 2 MB, a table of all subdistricts 2 MB.
_origins, _reaches, _measures, _towns = Kept(3), Kept(24), Kept(24), Kept(6)


@dataclass(frozen=True, slots=True)
class _Reach:
    """What the places of a kind mean for every origin, in the order of the origins."""

    km: Floats
    nearest: NDArray[np.int64]
    access: Floats
    enhanced: Floats


@dataclass(frozen=True, slots=True)
class _Question:
    """What decides distances and catchments, apart from the snapshot."""

    kind: str
    km: float
    grades: tuple[str, ...] | None
    source: str | None
    approximate: bool
    people: tuple[str, int] | None
    supply: str


class Places:
    """Public services of one snapshot.

    Parameters
    ----------
    house : Warehouse

    Raises
    ------
    QueryError
        From every method: an unknown kind, grade, level, area or indicator of people, or a radius outside 0 to `MAX_KM`.

    Notes
    -----
    Safe to share between threads; frames returned are the caller's own. A snapshot made before there were places has
    none, and one without villages measures from subdistricts.
    """

    def __init__(self, house: Warehouse) -> None:
        self._house = house

    # -- what there is ----------------------------------------------------

    def sources(self) -> pd.DataFrame:
        """Sources of places.

        Returns
        -------
        DataFrame
            ``source_id, title_th, title_en, publisher, kind`` (of place), ``places, with_coordinates, approximate``
            (counts), ``provinces`` (how many have at least one), one row a source and kind.
        """
        if not self._has("place"):
            names = ("source_id", "title_th", "title_en", "publisher", "kind")
            numbers = ("places", "with_coordinates", "approximate", "provinces")
            return pd.DataFrame(
                {n: pd.Series(dtype=str) for n in names} | {n: pd.Series(dtype=int) for n in numbers}
            )
        return self._house._table(
            """
            SELECT p.source_id, s.title_th, s.title_en, s.publisher, p.kind, count(*) AS places,
                   count(longitude) AS with_coordinates, count(*) FILTER (approximate) AS approximate,
                   count(DISTINCT left(area_code, 2)) AS provinces
            FROM place p JOIN source s USING (source_id)
            GROUP BY ALL ORDER BY p.kind, places DESC, p.source_id
            """
        )

    def by_province(self, source: str) -> dict[str, int]:
        """How many places a source has in each province; empty for one there is not."""
        own = self._table.loc[self._table["source_id"] == source, "area_code"].str[:2]
        return {str(code): int(many) for code, many in own.value_counts().sort_index().items()}

    def kinds(self, source: str | None = None) -> pd.DataFrame:
        """How many places there are of each kind and grade.

        Returns
        -------
        DataFrame
            ``kind, grade, count, with_coordinates, approximate, with_capacity``, in the order of
            ``analytics/services.toml``. ``with_coordinates`` contains the approximate ones.
        """
        names = ("count", "with_coordinates", "approximate", "with_capacity")
        empty = pd.DataFrame(
            {"kind": pd.Series(dtype=str), "grade": pd.Series(dtype=str)}
            | {n: pd.Series(dtype=int) for n in names}
        )
        if not self._has("place"):
            return empty
        found = self._house._table(
            """
            SELECT kind, grade, count(*) AS count, count(longitude) AS with_coordinates,
                   count(*) FILTER (approximate) AS approximate, count(capacity) AS with_capacity
            FROM place WHERE $source IS NULL OR source_id = $source GROUP BY kind, grade
            """,
            {"source": source},
        )
        rank = {
            (kind, grade): (number, place.rank)
            for number, kind in enumerate(KINDS)
            for grade, place in load_services().of_kind(kind).items()
        }
        last = (len(KINDS), 0)
        order = sorted(
            range(len(found)),
            key=lambda i: rank.get((str(found["kind"].iloc[i]), str(found["grade"].iloc[i])), last),
        )
        return found.iloc[order].reset_index(drop=True)

    def points(
        self,
        kind: str,
        *,
        within: str = COUNTRY,
        grades: Sequence[str] | None = None,
        source: str | None = None,
        approximate: bool = False,
        located: bool = True,
    ) -> pd.DataFrame:
        """Places of a kind.

        Parameters
        ----------
        kind : str
            One of `analytics.services.KINDS`.
        within : str
            Only places in this area.
        grades : sequence of str, optional
            Only these grades.
        source : str, optional
            Only this source.
        approximate : bool
            Also those that were put at the inner point of their subdistrict.
        located : bool
            Only those that have coordinates; False gives all, whatever `approximate` says.

        Returns
        -------
        DataFrame
            Columns `POINT_COLUMNS`, by area and id; longitude and latitude in EPSG:4326.
        """
        self._house.area(within)
        own = self._selected(kind, grades, source)
        kept = np.ones(len(own), dtype=bool)
        if located:
            kept = own["longitude"].notna().to_numpy() & (
                approximate | ~own["approximate"].to_numpy(dtype=bool)
            )
        if within != COUNTRY:
            kept &= own["area_code"].str.startswith(within).to_numpy(dtype=bool)
        return own[kept].reset_index(drop=True)

    # -- people -------------------------------------------------------------

    def people_choices(self) -> list[tuple[str, int]]:
        """Indicators that can say how many people live in a subdistrict, with the newest year they have there.

        Surveyed persons first, then imported columns of persons. They are different counts: the survey leaves out
        Bangkok and most towns, the register counts where people are registered.
        """
        wanted = [
            i.id
            for i in load_catalogue().values()
            if i.id == PEOPLE or (i.theme == "table" and i.unit == "persons" and i.of is None)
        ]
        found = [(name, self._house.years(name, "subdistrict")) for name in wanted]
        return [(name, years[-1]) for name, years in sorted(found, key=lambda f: f[0] != PEOPLE) if years]

    def towns_apart(self, within: str = COUNTRY, *, people: str | None = None) -> tuple[str, ...]:
        """Districts more than a fifth of whose people are counted in towns that lie in no known subdistrict.

        Parameters
        ----------
        within : str
            Only those in this area, or the one around it.
        people : str, optional
            As for `origins`.

        Returns
        -------
        tuple of str
            Their codes. Below the district nobody knows there who lives where, so that nothing is weighted by people.
        """
        self._house.area(within)
        found = self._town_districts(self._people(people))
        if within == COUNTRY:
            return tuple(sorted(found))
        return tuple(sorted(c for c in found if c.startswith(within[:4])))

    def origins(self, within: str = COUNTRY, *, people: str | None = None) -> pd.DataFrame:
        """From where distances are measured: villages where their points are known, else subdistricts.

        Parameters
        ----------
        within : str
            Only those in this area.
        people : str, optional
            Indicator of people; the first of `people_choices` without it.

        Returns
        -------
        DataFrame
            Columns `ORIGIN_COLUMNS`, by code. ``people`` is NaN where it is unknown or hidden. ``people_assumed``: the
            subdistrict's people shared equally among its villages, because not all of them have a number of their own.
            ``kind`` is `VILLAGE` or `INNER_POINT`.
        """
        self._house.area(within)
        return self._inside(self._all_origins(self._people(people)), within).reset_index(drop=True).copy()

    # -- measures -----------------------------------------------------------

    def measures(
        self,
        kind: str,
        level: str,
        within: str = COUNTRY,
        *,
        km: float,
        grades: Sequence[str] | None = None,
        source: str | None = None,
        approximate: bool = False,
        people: str | None = None,
        supply: Literal["places", "capacity"] = "places",
    ) -> pd.DataFrame:
        """How well areas are served by a kind of place.

        Parameters
        ----------
        kind : str
        level : str
            ``country`` to ``village``.
        within : str
            Only areas inside this one.
        km : float
            Radius, straight line, its edge included; above 0, at most `MAX_KM`.
        grades, source
            As for `points`. Without a source all of them count together, and what two list is counted twice (`duplicates`
            finds it).
        approximate : bool
            Measure distances also to places put at their subdistrict's inner point; from that very point nothing can be said.
        people : str, optional
            As for `origins`.
        supply : str
            What the catchments share out: every place as one, or its capacity.

        Returns
        -------
        DataFrame
            One row an official area (or village with a point), by code:

            ``area_code, name_th, name_en``
            ``places``, ``places_coarse``
                Places in the area, with and without coordinates; and how many are known to lie in a larger area around it
                only. NaN where no source covers the province (of the country: four fifths of them), and where the only ones
                known are coarse. Villages have none: places are known by subdistrict.
            ``people, people_indicator, people_year, people_source``
                NaN where unknown or hidden.
            ``per_10000``
                Places per 10,000 people, at least `LEAST_PEOPLE`; not of subdistricts in districts of `towns_apart`.
            ``origins, origins_kind, origins_people, people_assumed``
                How many origins lie in the area, of which kind (`VILLAGE`, `INNER_POINT`, `MIXED`), their people, and
                whether any of these are assumed.
            ``nearest_km, nearest_km_people``
                Straight-line distance to the nearest listed place: the median of the origins, and the mean weighted by
                people. NaN in provinces of which too few places have coordinates (`short_of_points`); whatever is
                weighted by people is NaN where a fifth of the area's people are at no origin.
            ``share_villages_within, share_people_within``
                Share of origins, and of the people in them, with a place within `km`; 0 to 1.
            ``access_2sfca, access_e2sfca``
                Supply per 10,000 people within reach, mean weighted by people. Origins of unknown number count for nobody; where
                more than a fifth of what a place reaches is such, its share is unknown, and so is the access of an origin more
                than a fifth of whose places are, and of an area where that leaves less than four fifths of the people.
        """
        if level not in WIDTHS:
            raise QueryError(
                f"ไม่รู้จักระดับ {level!r} ใช้ {', '.join(WIDTHS)}",
                f"unknown level {level!r}, expected {', '.join(WIDTHS)}",
            )
        self._house.area(within)
        if supply not in ("places", "capacity"):
            raise QueryError(
                f"ไม่รู้จัก supply={supply!r} ใช้ places หรือ capacity",
                f"found supply={supply!r}, expected places or capacity",
            )
        counted = self._people(people)
        chosen = None if grades is None else tuple(sorted(set(grades)))
        asked = _Question(kind, _radius(km), chosen, source, approximate, counted, supply)
        self._selected(kind, grades, source)  # what there is not is refused, whatever is kept
        found: pd.DataFrame = _measures.get(
            (self._house.snapshot, level, within, asked), lambda: self._measured(level, within, asked)
        )
        return found.copy()

    def _measured(self, level: str, within: str, asked: _Question) -> pd.DataFrame:
        kind, km, source, counted = asked.kind, asked.km, asked.source, asked.people
        own = self._selected(kind, asked.grades, source)
        reach = self._reach(asked)
        origins = self._all_origins(counted)
        frame = origins.assign(
            km=reach.km, access_2sfca=PER_PEOPLE * reach.access, access_e2sfca=PER_PEOPLE * reach.enhanced
        )
        frame = self._inside(frame.assign(apart=self._apart(frame["code"], counted)), within)
        if level == "village":
            out = self._of_villages(frame, km)
        else:
            out = self._of_areas(frame, level, within, km)
            out["places"], out["places_coarse"] = _count(out["area_code"], own, self._covered(kind, source))
            out["people"] = self._people_of(level, within, counted, out["area_code"])
            # Whoever lives in a town that lies in no known subdistrict stands at no origin.
            away = out["weight"] < RANK_COVERAGE * out["people"]
            out.loc[away, list(_WEIGHTED)] = np.nan
        if level == "country" and len(self._covered(kind, source)) < RANK_COVERAGE * len(
            self._house.children(COUNTRY)
        ):
            # The places of a few provinces are not those of the country, and over everybody's people a rate of nothing.
            out["places"] = np.nan
        out["per_10000"] = PER_PEOPLE * out["places"] / out["people"].where(out["people"] >= LEAST_PEOPLE)
        if level == "subdistrict":
            # The places of its town are counted, the people of its town nobody can put anywhere.
            out.loc[self._apart(out["area_code"], counted), "per_10000"] = np.nan
        out["people_indicator"], out["people_year"] = counted or (None, 0)
        out["people_source"] = self._people_source(counted)
        return out[list(_ORDER)].reset_index(drop=True)

    def least_served(
        self,
        kind: str,
        within: str = COUNTRY,
        *,
        km: float,
        by: Literal["village", "subdistrict"] = "village",
        limit: int = 20,
        grades: Sequence[str] | None = None,
        source: str | None = None,
        approximate: bool = False,
        people: str | None = None,
    ) -> pd.DataFrame:
        """The villages, or subdistricts, farthest from a kind of place, the farthest first.

        Returns
        -------
        DataFrame
            ``code, name_th, name_en, parent`` (the area above it), ``longitude, latitude, people, people_assumed, nearest_km,
            beyond`` (whether that is more than `km`), ``nearest_id, nearest_source, nearest_th, nearest_en``. A subdistrict
            stands where the farthest of its origins does. Villages without a point are not in it.
        """
        if by not in ("village", "subdistrict"):
            raise QueryError(
                f"ไม่รู้จัก by={by!r} ใช้ village หรือ subdistrict",
                f"found by={by!r}, expected village or subdistrict",
            )
        self._house.area(within)
        counted = self._people(people)
        chosen = None if grades is None else tuple(sorted(set(grades)))
        radius = _radius(km)
        reach = self._reach(_Question(kind, radius, chosen, source, approximate, counted, "places"))
        frame = self._all_origins(counted).assign(nearest_km=reach.km, place=reach.nearest)
        frame = self._inside(frame, within).dropna(subset="nearest_km")
        if by == "village":
            frame = frame[frame["kind"] == VILLAGE].assign(parent=lambda f: f["code"].str[:6])
        else:
            frame = frame.assign(code=frame["code"].str[:6])
            together = frame.groupby("code")
            whole = together.agg(
                people=("people", lambda p: p.sum(skipna=False)), people_assumed=("people_assumed", "any")
            )
            frame = frame.loc[together["nearest_km"].idxmax()].drop(columns=["people", "people_assumed"])
            # Merged with nothing, the index would take the column's name.
            frame = frame.merge(whole, left_on="code", right_index=True).reset_index(drop=True)
            names = self._house._frame("subdistrict", COUNTRY).frame.set_index("area_code")
            for name in ("name_th", "name_en"):
                frame[name] = names[name].reindex(frame["code"]).to_numpy()
            frame["parent"] = frame["code"].str[:4]
        frame = frame.sort_values(["nearest_km", "code"], ascending=[False, True]).head(max(int(limit), 0))
        places = self._located(kind, grades, source, approximate).iloc[frame["place"].to_numpy()]
        frame = frame.assign(beyond=frame["nearest_km"] > radius)
        for name, column in (
            ("id", "place_id"),
            ("source", "source_id"),
            ("th", "name_th"),
            ("en", "name_en"),
        ):
            frame[f"nearest_{name}"] = places[column].to_numpy()
        columns = [
            "code",
            "name_th",
            "name_en",
            "parent",
            "longitude",
            "latitude",
            "people",
            "people_assumed",
        ]
        columns += ["nearest_km", "beyond", "nearest_id", "nearest_source", "nearest_th", "nearest_en"]
        return frame[columns].reset_index(drop=True)

    def duplicates(self, kind: str, within: str = COUNTRY, *, source: str | None = None) -> pd.DataFrame:
        """Places of one kind within 50 m of each other: one entered twice, listed by two sources, or two in one yard.

        Returns
        -------
        DataFrame
            `points` of these, with ``group`` (from 1) and ``sources`` (how many sources the group has) in front; the groups in
            the order of their first place. Approximate places are left out: they stand on one point by their making.
        """
        points = self.points(kind, within=within, source=source)
        groups = access.duplicates(
            Points.of(points["longitude"], points["latitude"]), points["kind"].astype(str).tolist()
        )
        order = [place for group in groups for place in group]
        number = [n for n, group in enumerate(groups, 1) for _ in group]
        found = points.iloc[order].reset_index(drop=True)
        found.insert(0, "group", pd.Series(number, dtype=int))
        found.insert(1, "sources", found.groupby("group")["source_id"].transform("nunique"))
        return found

    # -- inside -----------------------------------------------------------

    def _has(self, table: str) -> bool:
        return table in self._tables

    @cached_property
    def _tables(self) -> frozenset[str]:
        rows = self._house._rows("SELECT table_name FROM information_schema.tables")
        return frozenset(str(row[0]) for row in rows)

    @cached_property
    def _table(self) -> pd.DataFrame:
        """All places; a snapshot never changes."""
        if not self._has("place"):
            texts = {name: pd.Series(dtype=str) for name in POINT_COLUMNS}
            return _typed(pd.DataFrame(texts))
        frame = self._house._table("SELECT * FROM place ORDER BY area_code, source_id, place_id")
        return _typed(frame)[list(POINT_COLUMNS)]

    def _selected(self, kind: str, grades: Sequence[str] | None, source: str | None) -> pd.DataFrame:
        if kind not in KINDS:
            raise QueryError(
                f"ไม่รู้จักประเภท {kind!r} ใช้ {', '.join(KINDS)}",
                f"unknown kind {kind!r}, expected {', '.join(KINDS)}",
            )
        frame = self._table[self._table["kind"] == kind]
        if grades is not None:
            unknown = sorted(set(grades) - set(load_services().of_kind(kind)))
            if unknown:
                raise QueryError(
                    f"ไม่รู้จักระดับบริการ {', '.join(unknown)} ของ {kind}",
                    f"unknown grade of {kind}: {', '.join(unknown)}",
                )
            frame = frame[frame["grade"].isin(list(grades))]
        if source is not None:
            if source not in set(self._table["source_id"]):
                raise QueryError(
                    f"ไม่มีสถานที่จากแหล่ง {source!r}", f"there are no places of the source {source!r}"
                )
            frame = frame[frame["source_id"] == source]
        return frame

    def _located(
        self, kind: str, grades: Sequence[str] | None, source: str | None, approximate: bool
    ) -> pd.DataFrame:
        return self.points(kind, grades=grades, source=source, approximate=approximate)

    def _covered(self, kind: str, source: str | None) -> frozenset[str]:
        """Provinces some source has a place of this kind in."""
        return frozenset(self.points(kind, source=source, located=False)["area_code"].str[:2])

    def short_of_points(
        self,
        kind: str,
        within: str = COUNTRY,
        *,
        grades: Sequence[str] | None = None,
        source: str | None = None,
        approximate: bool = False,
    ) -> tuple[str, ...]:
        """Provinces whose places are listed while fewer than four fifths of them have coordinates.

        Parameters
        ----------
        kind, within, grades, source, approximate
            As for `measures`.

        Returns
        -------
        tuple of str
            Their codes. A place without coordinates may be the nearest of all, so that no distance is known there.
        """
        self._house.area(within)
        chosen = None if grades is None else tuple(grades)
        short = self._covered(kind, source) - self._measurable(kind, chosen, source, approximate)
        return tuple(sorted(c for c in short if within == COUNTRY or c == within[:2]))

    def _measurable(
        self, kind: str, grades: tuple[str, ...] | None, source: str | None, approximate: bool
    ) -> frozenset[str]:
        """Provinces whose places are listed and can be measured to, at least four fifths of them."""

        def by_province(chosen: tuple[str, ...] | None, located: bool) -> pd.Series[Any]:
            frame = self.points(kind, grades=chosen, source=source, approximate=approximate, located=located)
            return frame["area_code"].str[:2].value_counts()

        # A province may have none of the grades asked for; that its list is one of positions says so.
        every = by_province(None, False)
        listed = by_province(grades, False).reindex(every.index, fill_value=0)
        located = by_province(grades, True).reindex(every.index, fill_value=0)
        some = by_province(None, True).reindex(every.index, fill_value=0) > 0
        return frozenset(every.index[some & (located >= RANK_COVERAGE * listed)].astype(str))

    # -- people and origins -------------------------------------------------

    def _people(self, indicator: str | None) -> tuple[str, int] | None:
        """Indicator and year of the people; None where the snapshot knows none."""
        choices = dict(self.people_choices())
        if indicator is None:
            return next(iter(choices.items()), None)
        if indicator not in choices:
            raise QueryError(
                f"ไม่มีจำนวนคนระดับตำบลจาก {indicator!r} มี: {', '.join(choices) or '–'}",
                f"{indicator!r} has no people of subdistricts; there is: {', '.join(choices) or '–'}",
            )
        return indicator, choices[indicator]

    def _town_districts(self, counted: tuple[str, int] | None) -> frozenset[str]:
        if counted is None:
            return frozenset()
        found: frozenset[str] = _towns.get(
            (self._house.snapshot, counted), lambda: self._find_town_districts(counted)
        )
        return found

    def _find_town_districts(self, counted: tuple[str, int]) -> frozenset[str]:
        frame = self._house.values(counted[0], level="subdistrict", year=counted[1])
        apart = frame["mapped_to"].isna() & ~frame["area_code"].isin(list(official_areas()))
        district = frame["area_code"].str[:4]
        towns = frame["value"].where(apart, 0.0).groupby(district).sum()
        everybody = frame["value"].groupby(district).sum()
        return frozenset(towns.index[towns > (1 - RANK_COVERAGE) * everybody])

    def _apart(self, codes: pd.Series[Any], counted: tuple[str, int] | None) -> Bools:
        """Whether each area is in a district whose towns' people nobody can put anywhere."""
        return codes.str[:4].isin(self._town_districts(counted)).to_numpy(dtype=bool)

    def _people_source(self, counted: tuple[str, int] | None) -> str | None:
        if counted is None:
            return None
        frame = self._house.values(counted[0], level="subdistrict", year=counted[1])
        found = frame["source_id"].dropna()
        return str(found.iloc[0]) if len(found) else None

    def _people_of(
        self, level: str, within: str, counted: tuple[str, int] | None, codes: pd.Series[Any]
    ) -> Floats:
        """People of areas as the snapshot gives them out; a subdistrict with the municipalities that lie in it."""
        if counted is None:
            return np.full(len(codes), np.nan)
        # A town that lies in a subdistrict has a code of its own in the district.
        around = within[:4] if level == "subdistrict" and within != COUNTRY else within
        frame = self._house.values(counted[0], level=level, year=counted[1], within=around)
        if level == "subdistrict":
            # Of an area with its own number and none for the town inside it, or the other way round, what is known is told; a
            # hidden part hides the whole.
            home = frame["mapped_to"].where(frame["mapped_to"].notna(), frame["area_code"])
            groups = frame.groupby(home.to_numpy())
            total = groups["value"].sum(min_count=1).where(~groups["suppressed"].any())
        else:
            total = frame.set_index("area_code")["value"]
        return np.asarray(total.reindex(codes), dtype=np.float64)

    def _all_origins(self, counted: tuple[str, int] | None) -> pd.DataFrame:
        found: pd.DataFrame = _origins.get(
            (self._house.snapshot, counted), lambda: self._make_origins(counted)
        )
        return found

    def _make_origins(self, counted: tuple[str, int] | None) -> pd.DataFrame:
        villages, inner = self._villages(), self._inner_points()
        inner = inner[~inner["code"].isin(set(villages["code"].str[:6]))]
        frame = pd.concat([villages, inner], ignore_index=True)
        home = frame["code"].str[:6]
        homes = pd.Series(sorted(home.unique()), dtype=str)
        total = pd.Series(self._people_of("subdistrict", COUNTRY, counted, homes), index=homes)
        many = home.map(home.value_counts())
        shared = home.map(total).to_numpy(dtype=float) / many.to_numpy(dtype=float)
        own = self._people_of_villages(counted).reindex(frame["code"])
        # All or nothing: numbers of some villages beside an equal share of the rest would tell what is hidden.
        complete = own.notna().to_numpy()
        whole = pd.Series(complete).groupby(home.to_numpy()).transform("all").to_numpy(dtype=bool)
        frame["people"] = np.where(whole, own.to_numpy(dtype=float), shared)
        is_village = (frame["kind"] == VILLAGE).to_numpy()
        frame["people_assumed"] = is_village & ~whole & ~np.isnan(shared)
        return frame.sort_values("code", ignore_index=True)[list(ORIGIN_COLUMNS)]

    def _people_of_villages(self, counted: tuple[str, int] | None) -> pd.Series[Any]:
        if counted is None or counted[1] not in self._house.years(counted[0], "village"):
            return pd.Series(dtype=float)
        frame = self._house.values(counted[0], level="village", year=counted[1])
        return frame.drop_duplicates("area_code").set_index("area_code")["value"].astype(float)

    def _villages(self) -> pd.DataFrame:
        columns = ["code", "name_th", "name_en", "longitude", "latitude"]
        if not self._has("village_point"):
            return pd.DataFrame({c: pd.Series(dtype=float if c[0] == "l" else str) for c in columns}).assign(
                kind=VILLAGE
            )
        return self._house._table(
            """
            SELECT v.code, v.name_th, coalesce(a.name_en, '') AS name_en, v.longitude, v.latitude
            FROM village_point v LEFT JOIN area a ON a.code = v.code
            WHERE v.longitude IS NOT NULL AND v.latitude IS NOT NULL ORDER BY v.code
            """
        ).assign(kind=VILLAGE)

    def _inner_points(self) -> pd.DataFrame:
        names = self._house._frame("subdistrict", COUNTRY).frame
        points = inner_points(self._house)
        named = names[names["area_code"].isin(points.index)]
        at = points.loc[named["area_code"]]
        return pd.DataFrame(
            {
                "code": named["area_code"].to_numpy(),
                "name_th": named["name_th"].to_numpy(),
                "name_en": named["name_en"].to_numpy(),
                "longitude": at["longitude"].to_numpy(),
                "latitude": at["latitude"].to_numpy(),
                "kind": INNER_POINT,
            }
        )

    @staticmethod
    def _inside(origins: pd.DataFrame, within: str) -> pd.DataFrame:
        if within == COUNTRY:
            return origins
        return origins[origins["code"].str.startswith(within)]

    # -- distances ----------------------------------------------------------

    def _reach(self, asked: _Question) -> _Reach:
        def work() -> _Reach:
            places = self._located(asked.kind, asked.grades, asked.source, asked.approximate)
            offer = np.ones(len(places))
            if asked.supply == "capacity":
                offer = places["capacity"].to_numpy(dtype=float)
            origins = self._all_origins(asked.people)
            # Towns lie beside these subdistricts and share their places: of whoever does, the number is unknown.
            unsure = self._apart(origins["code"], asked.people)
            origins = origins.assign(people=origins["people"].mask(unsure))
            covered = self._measurable(asked.kind, asked.grades, asked.source, asked.approximate)
            known = origins["code"].str[:2].isin(covered).to_numpy(dtype=bool)
            return _worked_out(origins, places, offer, asked.km, known)

        found: _Reach = _reaches.get((self._house.snapshot, asked), work)
        return found

    def _of_villages(self, frame: pd.DataFrame, km: float) -> pd.DataFrame:
        own = frame[frame["kind"] == VILLAGE]
        known = own["km"].notna()
        within = (own["km"] <= km).astype(float).where(known)
        return pd.DataFrame(
            {
                "area_code": own["code"],
                "name_th": own["name_th"],
                "name_en": own["name_en"],
                "places": np.nan,
                "places_coarse": np.nan,
                "people": own["people"],
                "origins": 1,
                "origins_kind": VILLAGE,
                "origins_people": own["people"],
                "people_assumed": own["people_assumed"],
                "nearest_km": own["km"],
                "nearest_km_people": own["km"],
                "share_villages_within": within,
                "share_people_within": within,
                "access_2sfca": own["access_2sfca"],
                "access_e2sfca": own["access_e2sfca"],
            }
        )

    def _of_areas(self, frame: pd.DataFrame, level: str, within: str, km: float) -> pd.DataFrame:
        areas = self._house._frame(level, within)
        listed = areas.frame[areas.official | (level == "country")]
        out = listed[["area_code", "name_th", "name_en"]].reset_index(drop=True)
        code = frame["code"].str[: WIDTHS[level]] if WIDTHS[level] else pd.Series(COUNTRY, index=frame.index)
        known = frame["km"].notna()
        # Of a larger area the people who are missing are weighed against all of it; of a subdistrict nobody knows how many are.
        people = frame["people"].mask(frame["apart"]) if level == "subdistrict" else frame["people"]
        groups = code.to_numpy()
        sums = pd.DataFrame(
            {
                "origins": 1.0,
                "known": known.astype(float),
                "peopled": (known & people.notna()).astype(float),
                "weight": people.where(known),
                "far": (people * frame["km"]).where(known),
                "near": (people * (frame["km"] <= km)).where(known),
                "villages": (frame["kind"] == VILLAGE).astype(float),
                "assumed": frame["people_assumed"].astype(float),
                "within": (frame["km"] <= km).astype(float).where(known),
                "people": frame["people"],
                **{
                    f"{part}{name}": values
                    for name in ("access_2sfca", "access_e2sfca")
                    for part, values in (
                        ("sum_", people * frame[name]),
                        ("of_", people.where(frame[name].notna())),
                    )
                },
            },
            index=frame.index,
        )
        total = sums.groupby(groups).sum(min_count=1).reindex(out["area_code"]).reset_index(drop=True)
        median = frame["km"].groupby(groups).median().reindex(out["area_code"]).to_numpy(dtype=float)
        out["origins"] = total["origins"].fillna(0).astype(int)
        some = total["villages"].fillna(0)
        out["origins_kind"] = [
            None if not every else VILLAGE if own == every else INNER_POINT if not own else MIXED
            for own, every in zip(some, out["origins"], strict=True)
        ]
        out["origins_people"] = total["people"]
        out["people_assumed"] = total["assumed"].fillna(0) > 0
        # A mean of few of them would stand for all.
        enough = total["known"] >= RANK_COVERAGE * total["origins"]
        out["weight"] = total["weight"]
        peopled = enough & (total["peopled"] >= RANK_COVERAGE * total["origins"])
        peopled &= total["weight"] >= LEAST_PEOPLE
        out["nearest_km"] = np.where(enough, median, np.nan)
        out["nearest_km_people"] = (total["far"] / total["weight"]).where(peopled)
        out["share_villages_within"] = (total["within"] / total["known"]).where(enough)
        out["share_people_within"] = (total["near"] / total["weight"]).where(peopled)
        for name in ("access_2sfca", "access_e2sfca"):
            told = peopled & (total[f"of_{name}"] >= RANK_COVERAGE * total["weight"])
            out[name] = (total[f"sum_{name}"] / total[f"of_{name}"]).where(told)
        return out


def inner_points(house: Warehouse) -> pd.DataFrame:
    """A point inside every published subdistrict polygon.

    Returns
    -------
    DataFrame
        Columns ``longitude, latitude`` (EPSG:4326), index the code; empty where the snapshot has no such polygons.
    """
    from warehouse.query import published_file

    path = published_file(house.info.path.parent, house.snapshot, "boundaries/subdistrict.parquet")
    if path is None:
        none = pd.Series(dtype=float)
        return pd.DataFrame({"longitude": none, "latitude": none}, index=pd.Index([], dtype=str))
    import geopandas as gpd

    frame = gpd.read_parquet(path, columns=["code", "geometry"])
    inside = shapely.point_on_surface(frame.geometry.to_numpy())
    return pd.DataFrame(
        {"longitude": shapely.get_x(inside), "latitude": shapely.get_y(inside)},
        index=pd.Index(frame["code"].astype(str)),
    )


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Places with numbers where numbers belong, also where all of them are missing."""
    return frame.astype({"longitude": float, "latitude": float, "capacity": float, "approximate": bool})


def _radius(km: float) -> float:
    value = float(km)
    if not (np.isfinite(value) and 0 < value <= MAX_KM):
        raise QueryError(
            f"รัศมี {km} กม. ใช้ไม่ได้ ใช้มากกว่า 0 และไม่เกิน {MAX_KM:g} กม.",
            f"found a radius of {km} km, expected more than 0 and at most {MAX_KM:g} km",
        )
    return value


def _count(codes: pd.Series[Any], own: pd.DataFrame, covered: frozenset[str]) -> tuple[Floats, Floats]:
    """Places in each area, and those known only by a larger one around it."""
    held = own["area_code"].astype(str)
    exact = held.value_counts().to_dict()
    by_width = {width: held.str[:width].value_counts().to_dict() for width in (2, 4, 6)}
    inside, coarse = [], []
    for code in codes:
        if code == COUNTRY:
            inside.append(float(len(held)) if covered else np.nan)
            coarse.append(0.0)
            continue
        around = sum(int(exact.get(code[:width], 0)) for width in range(2, len(code), 2))
        many = int(by_width[len(code)].get(code, 0))
        unknown = code[:2] not in covered or (many == 0 and around > 0)
        inside.append(np.nan if unknown else float(many))
        coarse.append(float(around) if code[:2] in covered else np.nan)
    return np.array(inside), np.array(coarse)


def _part(origins: int, km: float) -> int:
    """How many places are looked at together, so that their pairs fit into memory."""
    each = _CROWDED * origins * np.pi * km**2 / _COUNTRY_KM2
    return int(np.clip(_PAIRS / max(each, 1.0), 50, 5_000))


def _on_itself(origins: pd.DataFrame, places: pd.DataFrame, index: NDArray[np.int64]) -> Bools:
    """Inner points whose nearest place was put at that very point: the distance 0 between them is of our own making."""
    if places.empty:
        return np.zeros(len(origins), dtype=bool)
    chosen = places.iloc[index]
    same = chosen["area_code"].to_numpy() == origins["code"].to_numpy()
    assumed = chosen["approximate"].to_numpy(dtype=bool) & (origins["kind"] == INNER_POINT).to_numpy()
    return np.asarray(same & assumed, dtype=bool)


def _worked_out(
    origins: pd.DataFrame, places: pd.DataFrame, offer: Floats, km: float, covered: Bools
) -> _Reach:
    """Nearest place and floating catchments of every origin; NaN where no source covers its province."""
    here = Points.of(origins["longitude"], origins["latitude"])
    there = Points.of(places["longitude"], places["latitude"])
    near = access.nearest(here, there)
    people = origins["people"].to_numpy(dtype=float)
    unknown = np.isnan(people)
    population = np.where(unknown, 0.0, people)
    steps = (Bands((km,), (1.0,)), load_services().decay.bands(km))
    sums = [np.zeros(len(origins)) for _ in steps]
    spare = 1 - RANK_COVERAGE
    unclear_places, reached_places = np.zeros(len(origins)), np.zeros(len(origins))
    # Access is a sum over places, so they can come in parts.
    step = _part(len(origins), km)
    for start in range(0, len(places), step):
        part = slice(start, start + step)
        some = Points(there.longitude[part], there.latitude[part])
        pairs = access.pairs_within(here, some, km)
        supply = offer[part]
        reached = np.bincount(pairs.place, minlength=len(some))
        unclear = np.isnan(supply) | (
            np.bincount(pairs.place, unknown[pairs.origin], len(some)) > spare * reached
        )
        reached_places += np.bincount(pairs.origin, minlength=len(origins))
        unclear_places += np.bincount(pairs.origin, unclear[pairs.place], len(origins))
        for total, bands in zip(sums, steps, strict=True):
            total += access.floating_catchment(pairs, population, np.nan_to_num(supply), bands).access
    covered = covered & ~_on_itself(origins, places, near.index)
    open_question = ~covered | (unclear_places > spare * reached_places)
    return _Reach(
        km=np.where(covered, near.km, np.nan),
        nearest=near.index,
        access=np.where(open_question, np.nan, sums[0]),
        enhanced=np.where(open_question, np.nan, sums[1]),
    )
