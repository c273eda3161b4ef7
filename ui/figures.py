"""Key figures of an area as texts, each with what it is counted against."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analytics.formatting import number, withheld_text
from analytics.stars import RANK_COVERAGE
from ui.texts import Words


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its denominator in words."""

    label: str
    value: str
    detail: str
    help: str


PROFILE = (
    "target_poor", "target_poor_rate", "mpi_poor", "mpi_poor_rate", "mpi_poor_households",
    "mpi_poor_households_rate", "surveyed_persons", "households", "stars", "stars_within_parent",
)  # fmt: skip
"""Indicators `key_figures` reads."""


def key_figures(profile: pd.DataFrame, words: Words, minimum: int = 5) -> list[Figure]:
    """Target poor, MPI-poor, poor households and persons surveyed.

    Parameters
    ----------
    profile : DataFrame
        As `Warehouse.profile` of `PROFILE`. What has no row reads "no data", never 0.
    """
    rows = profile.set_index("indicator")

    def value(name: str) -> float | None:
        found = rows["value"].get(name)
        return None if found is None or pd.isna(found) else float(found)

    def count(name: str) -> str:
        if bool(rows["suppressed"].get(name, False)):
            return withheld_text("persons", minimum)
        found = value(name)
        return words("figures.no_data") if found is None else number(found, 0, language=words.language)

    def rate(name: str) -> str | None:
        found = value(name)
        return None if found is None else f"{number(found, 2, language=words.language)}%"

    def of_surveyed(count_name: str, rate_name: str) -> str:
        text = rate(rate_name)
        if value(count_name) is None:
            return ""
        if text is None:
            return words("figures.no_rate")
        published = pd.isna(rows["denominator"].get(rate_name))
        return words("figures.published_rate" if published else "figures.of_surveyed", rate=text)

    households = rate("mpi_poor_households_rate")
    details = {
        "target_poor": of_surveyed("target_poor", "target_poor_rate"),
        "mpi_poor": of_surveyed("mpi_poor", "mpi_poor_rate"),
        "mpi_poor_households": words("figures.of_households", rate=households, n=count("households"))
        if households and value("households") is not None
        else "",
        "surveyed_persons": words("figures.in_households", n=count("households"))
        if value("households") is not None
        else "",
    }
    out = []
    for name, detail in details.items():
        basis = rows["basis"].get(name)
        if basis in ("aggregated", "derived"):
            detail = " · ".join(part for part in (detail, words(f"figures.{basis}")) if part)
        out.append(Figure(words(f"figures.{name}"), count(name), detail, words(f"figures.{name}_help")))
    return out


def ranks(values: pd.DataFrame) -> bool:
    """Whether enough of the official areas have data for a rank to mean something; villages have no official list."""
    official = int((values["kind"] == "official").sum())
    # A municipality stands for the tambons it covers, which have no rows of their own.
    return bool(official == 0 or values["value"].notna().sum() >= RANK_COVERAGE * official)


def place(values: pd.DataFrame, code: str) -> tuple[int, int] | None:
    """Rank of an area (1 = highest value, ties share the smaller number) and the number of areas with data.

    None where the area has no data, or where too few areas have (`ranks`).
    """
    known = values.dropna(subset="value")
    rank = known["value"].rank(method="min", ascending=False)[known["area_code"] == code]
    return (int(rank.iloc[0]), len(known)) if len(rank) and ranks(values) else None
