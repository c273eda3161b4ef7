"""Tables as plain frames, ready to draw or to download."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from analytics.catalogue import Indicator
from analytics.formatting import number, withheld_text, year_text
from analytics.overlap import alkire_foster
from analytics.stars import star_text
from geo.codes import Area
from ui.figures import ranks
from ui.texts import Words

# A list of ordinary length is shown whole: 77 provinces, the districts of a province. Of thousands only the first are,
# and the download has all: each row is some 100 bytes at every change.
WHOLE_LIST = 80
FIRST_ROWS = 20


def rows_shown(n: int) -> int:
    """How many rows of a list of `n` stand on the screen."""
    return n if n <= WHOLE_LIST else FIRST_ROWS


def display_name(thai: str, english: str, kind: str, words: Words) -> str:
    """A name in the language of the screen; a municipality's own name is known in Thai only, so English gives both."""
    if words.language == "th":
        return thai
    return f"{english} ({thai})" if kind == "municipal" else english


def ranked(values: pd.DataFrame, worse: str) -> pd.DataFrame:
    """Rows with the worst first and those without data last, with a column ``rank`` (ties share the smaller number)."""
    ascending = worse == "low"
    out = values.assign(rank=values["value"].rank(method="min", ascending=ascending))
    return out.sort_values(["rank", "area_code"], na_position="last", ignore_index=True)


def notes(values: pd.DataFrame, areas: Mapping[str, Area], words: Words, minimum: int) -> list[str]:
    """What is special about each row: municipality, no data, hidden."""
    out = []
    for row in values.itertuples():
        parts = []
        if row.kind == "municipal":
            mapped = areas.get(str(row.mapped_to)) if row.mapped_to else None
            parts.append(
                words("ranking.municipal_mapped", name=words.pick(mapped.name_th, mapped.name_en))
                if mapped
                else words("ranking.municipal")
            )
        if pd.isna(row.value):
            parts.append(withheld_text(row.unit, minimum) if row.suppressed else words("ranking.missing"))
        out.append(", ".join(parts))
    return out


def ranking(
    values: pd.DataFrame,
    indicator: Indicator,
    areas: Mapping[str, Area],
    words: Words,
    stars: pd.DataFrame | None = None,
    limit: int | None = None,
    minimum: int = 5,
) -> pd.DataFrame:
    """The ranking of an indicator.

    Parameters
    ----------
    values : DataFrame
        As `Warehouse.values`.
    stars : DataFrame, optional
        The stars of the same areas, put beside the name.
    limit : int, optional
        Most rows made; the others are ranked but not written out.

    Returns
    -------
    DataFrame
        Columns ``code, rank, name, [stars], value, numerator, denominator, note``; worst first.
    """
    rows = ranked(values, indicator.worse)
    rows = rows if limit is None else rows.head(limit)
    out = pd.DataFrame(
        {
            "code": rows["area_code"],
            "rank": rows["rank"].astype("Int64") if ranks(values) else pd.array([pd.NA] * len(rows), "Int64"),
            "name": [
                display_name(th, en, kind, words)
                for th, en, kind in zip(rows["name_th"], rows["name_en"], rows["kind"], strict=True)
            ],
        }
    )
    if stars is not None:
        by_code = stars.set_index("area_code")["value"]
        out["stars"] = [_stars(n, words) for n in rows["area_code"].map(by_code)]
    out["value"] = (
        [_stars(n, words) for n in rows["value"]]
        if indicator.ramp == "stars"
        else rows["value"].round(indicator.decimals)
    )
    out["numerator"] = rows["numerator"]
    out["denominator"] = rows["denominator"]
    out["note"] = notes(rows, areas, words, minimum)
    return out


def _stars(n: float, words: Words) -> str:
    return "" if pd.isna(n) else star_text(int(n), words.language)


def csv_columns() -> list[str]:
    """Columns of a downloaded view, the same in both languages so that a script can rely on them."""
    return [
        "area_code", "name_th", "name_en", "indicator", "value", "numerator", "denominator", "unit", "year",
        "year_be", "definition", "source", "suppressed",
    ]  # fmt: skip


def csv_rows(values: pd.DataFrame, indicator: Indicator) -> list[list[object]]:
    """Rows of a downloaded view in the order of `csv_columns`."""
    return [
        [
            row.area_code, row.name_th, row.name_en, indicator.id, row.value, row.numerator, row.denominator,
            row.unit, row.year, row.year + 543, row.definition, row.source, str(bool(row.suppressed)).lower(),
        ]
        for row in values.itertuples()
    ]  # fmt: skip


def year_label(year: int, words: Words) -> str:
    """``พ.ศ. 2561`` or ``2018``."""
    return words("year.shown", year=year_text(year, words.language))


OVERLAP_PROFILE = (
    "overlap_1",
    "overlap_2",
    "overlap_3",
    "overlap_4",
    "overlap_5",
    "mean_dimensions",
    "surveyed_persons",
)
"""Indicators `overlap_table` reads."""


def overlap_table(profile: pd.DataFrame, words: Words) -> tuple[list[str], list[list[str]]] | None:
    """How many fail exactly and at least k dimensions, with H, A and M0; None where the area has no overlap.

    Parameters
    ----------
    profile : DataFrame
        As `Warehouse.profile` of `OVERLAP_PROFILE`.

    Returns
    -------
    tuple of headings and rows, or None
    """
    values = profile.set_index("indicator")["value"]
    exact = {k: values.get(f"overlap_{k}") for k in range(1, 6)}
    population = values.get("surveyed_persons")
    if any(pd.isna(v) for v in exact.values()) or pd.isna(population) or population <= 0:
        return None
    measures = alkire_foster({k: float(v) for k, v in exact.items()}, float(population))
    headings = [words(f"overlap.{name}") for name in ("k", "exactly", "poor", "h", "a", "m0")]

    def show(value: float, decimals: int) -> str:
        smallest = 10.0**-decimals
        # Somebody is there: never write a number above zero as zero.
        if 0 < value < smallest / 2:
            return "<" + number(smallest, decimals, language=words.language)
        return number(value, decimals, language=words.language)

    rows = [
        [
            str(m.k),
            show(exact[m.k], 0),
            show(m.poor, 0),
            show(100 * m.H, 3),
            show(100 * m.A, 1),
            show(m.M0, 5),
        ]
        for m in measures.itertuples()
    ]
    return headings, rows
