"""What the services page says of its numbers: where distances begin, who is counted, what is assumed; in the screen's language."""

from __future__ import annotations

import pandas as pd

from analytics.access_measures import OPEN_END, AccessMeasure
from analytics.catalogue import indicator
from analytics.classify import Classes
from analytics.formatting import number
from analytics.services import load_services
from geo.codes import COUNTRY
from ui import data
from ui.frame import Context
from ui.services_state import (
    Choice,
    holdings,
    listed,
    origin_counts,
    provinces_of,
    short_of_points,
    towns_apart,
)
from ui.tables import year_label
from ui.texts import Words
from warehouse.places import PEOPLE
from warehouse.query import QueryError


def measure_name(measure: AccessMeasure, choice: Choice, w: Words) -> str:
    """Name of a measure with the radius where it has one."""
    return w(f"services.measure.{measure.key}", km=km_text(choice.reach.km), people=persons(choice.people, w))


def persons(name: str, w: Words) -> str:
    """Whom a rate counts: the survey leaves people out, so its persons are never called the population."""
    return w("services.persons_surveyed" if name == PEOPLE else "services.persons_other")


def partial(c: Context, kind: str, source: str | None = None) -> str:
    """Of the country: in how many provinces a source has places, where not in all; else nothing."""
    known, every = provinces_of(c.warehouse.snapshot, kind, source), len(c.warehouse.children(COUNTRY))
    return c.words("services.in_provinces", n=known, all=every) if known < every else ""


def unit_text(measure: AccessMeasure, w: Words) -> str:
    return w(f"services.unit.{measure.unit}")


def km_text(km: float) -> str:
    return f"{km:g}"


def kind_name(choice: Choice, w: Words) -> str:
    return w.pick(choice.kind.name_th, choice.kind.name_en)


def grade_name(kind: str, grade: str, w: Words) -> str:
    entry = load_services().of_kind(kind)[grade]
    return w.pick(entry.name_th, entry.name_en)


def where(c: Context, code: str) -> str:
    """Where an area lies, from the nearest area around it up to the province; plain text."""
    try:
        path = c.warehouse.path(code)[1:]
    except QueryError:
        return ""
    return " · ".join(c.words.pick(a.name_th, a.name_en) for a in reversed(path))


def class_labels(classes: Classes, decimals: int, w: Words) -> list[str]:
    """What each class says, from the lowest; bounds are round numbers and have as many decimals as they need."""

    def show(value: float) -> str:
        places = next((n for n in range(4) if round(value, n) == value), decimals)
        return number(value, places, language=w.language)

    labels = []
    for i, high in enumerate(classes.bounds):
        low = classes.bounds[i - 1] if i else None
        if low is None:
            labels.append("0" if high == 0 else w("services.up_to", high=show(high)))
        elif high == OPEN_END:
            labels.append(w("legend.above", low=show(low)))
        else:
            labels.append(w("services.above_to", low=show(low), high=show(high)))
    return labels


def method_lines(c: Context, choice: Choice) -> list[str]:
    """What a distance is, whose choice the radius is, where distances begin and who is counted; plain text."""
    w, reach = c.words, choice.reach
    lines = [w("services.straight")]
    if reach.km == choice.kind.radius_km:
        basis = w.pick(choice.kind.radius_th, choice.kind.radius_en)
        lines.append(w("services.radius_default", km=km_text(reach.km), basis=basis))
    else:
        lines.append(w("services.radius_own", km=km_text(reach.km)))
    villages, inner = origin_counts(c.warehouse.snapshot, choice.within)
    if villages and inner:
        lines.append(w("services.origins_mixed", villages=f"{villages:,}", inner=f"{inner:,}"))
    elif villages:
        lines.append(w("services.origins_villages", villages=f"{villages:,}"))
    elif inner:
        lines.append(w("services.origins_inner", inner=f"{inner:,}"))
    else:
        lines.append(w("services.origins_none"))
    return lines


def counted_text(c: Context, table: pd.DataFrame) -> str:
    """Which people, of which year and source, a table's rates are divided by; empty where none are known."""
    w, row = c.words, table.iloc[0]
    if pd.isna(row["people_indicator"]):
        return ""
    entry, source = indicator(str(row["people_indicator"])), row["people_source"]
    return w(
        "services.people_short",
        what=w.pick(entry.name_th, entry.name_en),
        year=year_label(int(row["people_year"]), w),
        source="–" if pd.isna(source) else w.pick(*data.source_titles(c.warehouse.snapshot)[str(source)]),
    )


def place_name(c: Context, choice: Choice, row: pd.Series) -> str:
    """What a row of the least served calls the nearest place: its name, else its kind, grade and code."""
    w = c.words
    name = w.pick(row["nearest_th"] or row["nearest_en"], row["nearest_en"] or row["nearest_th"])
    if name:
        return name
    every = listed(c.warehouse.snapshot, *choice.reach.arguments, COUNTRY)
    own = every[(every["place_id"] == row["nearest_id"]) & (every["source_id"] == row["nearest_source"])]
    parts = [kind_name(choice, w)]
    for place in own.head(1).itertuples():
        parts += [grade_name(choice.kind.id, place.grade, w), "" if pd.isna(place.code) else str(place.code)]
    return " · ".join(part for part in parts if part)


def people_lines(c: Context, table: pd.DataFrame) -> list[str]:
    """Whose number of people the measures rest on, of which year, and what is assumed of villages; plain text."""
    w = c.words
    known = table["people_indicator"].dropna()
    if known.empty:
        return [w("services.people_none")]
    entry = indicator(str(known.iloc[0]))
    source = table["people_source"].dropna()
    titles = data.source_titles(c.warehouse.snapshot)
    line = w(
        "services.people",
        what=w.pick(entry.name_th, entry.name_en),
        year=year_label(int(table["people_year"].iloc[0]), w),
        source=w.pick(*titles[str(source.iloc[0])]) if len(source) else "–",
    )
    lines = [line, *([w("services.people_assumed")] if table["people_assumed"].any() else [])]
    if apart := towns_apart(c.warehouse.snapshot, c.area.code):
        lines.append(w("services.people_towns", n=f"{apart:,}"))
    return lines


def place_lines(c: Context, choice: Choice) -> list[str]:
    """How many places count, where they come from and what they leave out; plain text."""
    w = c.words
    have = holdings(c.warehouse.snapshot).sources
    own = have[have["kind"] == choice.kind.id]
    if choice.reach.source is not None:
        own = own[own["source_id"] == choice.reach.source]
    titles = data.source_titles(c.warehouse.snapshot)
    lines = [
        w(
            "services.source_line",
            source=w.pick(*titles[row.source_id]),
            places=f"{row.places:,}",
            located=f"{row.with_coordinates - row.approximate:,}",
            approximate=f"{row.approximate:,}",
            provinces=row.provinces,
            snapshot=c.warehouse.snapshot[:11],
        )
        for row in own.itertuples()
    ]
    if len(own) > 1:
        lines.append(w("services.several"))
    if own["provinces"].max() < len(c.warehouse.children(COUNTRY)):
        lines.append(w("services.uncovered"))
    if short := short_of_points(c.warehouse.snapshot, *choice.reach.arguments, c.area.code):
        lines.append(w("services.short_of_points", n=f"{short:,}"))
    if choice.reach.grades:
        names = ", ".join(grade_name(choice.kind.id, g, w) for g in choice.reach.grades)
        lines.append(w("services.only_grades", grades=names))
    lines.append(w("services.approximate_in" if choice.reach.approximate else "services.approximate_out"))
    return lines


def caveats(choice: Choice, w: Words) -> list[str]:
    """How not to misread access, the worst misreading first."""
    names = ["straight", "counted", "border", "none", "poverty"]
    lines = [w(f"services.caveat_{name}") for name in names]
    decay = load_services().decay
    weights = " / ".join(f"{weight:g}" for weight in decay.weights)
    lines.append(w("services.caveat_sfca", km=km_text(choice.reach.km)))
    lines.append(
        w("services.caveat_esfca" if decay.verified else "services.caveat_esfca_unverified", weights=weights)
    )
    return lines
