"""What the page of urgent issues is downloaded as: the areas in their order with the reasons, and the area against its parent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pandas as pd

from analytics.catalogue import DIMENSIONS, MPI_INDICATORS, indicator
from analytics.definitions import DefinitionError, definition
from analytics.urgency import ORDERS
from geo.exchange import FeatureTable
from ui import export
from ui.classes import colours
from ui.downloads import Features, download_buttons, download_place
from ui.export import Sheet
from ui.features import area_table
from ui.frame import Context
from ui.outlines import outline_lines
from ui.panels import source_line
from ui.print_panels import (
    PaperMap,
    can_print,
    class_legend,
    definition_lines,
    framed,
    is_made_up,
    on_light,
    painted,
    scene_map,
)
from ui.scene import compose
from ui.tables import year_label
from ui.texts import texts
from ui.urgent_panels import method_lines, several_entry, several_key, several_source
from ui.urgent_state import CELLS, COUNTED, DIMENSION_RATES, Choice
from ui.urgent_words import dimension_name, headline, why
from ui.workbook import source_rows
from warehouse.several_layers import several_url

COLUMNS = (
    "area_code", "name_th", "name_en", "rank_rate", "rank_count", "rank_several", "target_poor_rate", "target_poor",
    "surveyed_persons", "several", "several_rate", "several_share", "mean_dimensions",
    *(f"target_{d}_rate" for d in DIMENSIONS), "why", "small_base", "suppressed", "order", "year", "year_be", "definition",
    "source_id",
)  # fmt: skip
AGAINST = (
    "indicator", "name_th", "name_en", "count", "denominator", "rate", "parent_code", "parent_rate", "country_rate",
    "points_above_parent", "times_parent", "suppressed", "definition", "source_id",
)  # fmt: skip
SETS = ("mask", "dimensions", "persons", "share_of_target_poor", "suppressed")


def area_rows(c: Context, choice: Choice) -> Iterator[list[object]]:
    """One row an area in the order of `COLUMNS`; an empty cell is unknown or hidden, never zero."""
    above = c.name(c.warehouse.area(choice.plan.within))
    for row in choice.table.to_dict("records"):
        yield [
            row["area_code"], row["name_th"], row["name_en"],
            *(_whole(row[f"rank_{order}"]) for order in ORDERS),
            row["rate"], row["count"], row["surveyed"], row["several"], row["several_rate"], row["several_share"],
            row["mean"], *(row[f"rate_{d}"] for d in DIMENSIONS), why(row, choice, above, c.words),
            str(bool(row["small"])).lower(), str(bool(row[f"{choice.order}_hidden"])).lower(), choice.order, choice.year,
            choice.year + 543, row["definition"], row["source_id"],
        ]  # fmt: skip


def _whole(rank: float) -> int | None:
    return None if pd.isna(rank) else int(rank)


def against_rows(choice: Choice) -> Iterator[list[object]]:
    """One row a dimension and indicator in the order of `AGAINST`."""
    reference = choice.reference
    for rows in (choice.dimensions, choice.indicators("poor"), choice.indicators("all")):
        facts = choice.rows(list(rows["indicator"]))
        for row, fact in zip(rows.to_dict("records"), facts.to_dict("records"), strict=True):
            entry = indicator(row["indicator"])
            yield [
                entry.id, entry.name_th, entry.name_en, row["count"], row["denominator"], row["rate"],
                None if reference is None else reference[0].code, row["parent_rate"], row["country_rate"],
                row["gap"], row["times"], str(row["hidden"]).lower(), fact["definition"], fact["source_id"],
            ]  # fmt: skip


def set_rows(c: Context, choice: Choice) -> list[list[object]]:
    """One row a set of dimensions that somebody fails exactly, in the order of `SETS`."""
    return [
        [
            one.mask, " + ".join(dimension_name(d, c.words) for d in one.dimensions), one.persons, one.share,
            str(one.persons is None).lower(),
        ]
        for one in choice.combinations
    ]  # fmt: skip


def file_notes(c: Context, choice: Choice) -> list[str]:
    """What every download says of itself: the headline, the method, the sources, what is made up."""
    names = [*DIMENSION_RATES, *CELLS, *(p.format(n) for p in COUNTED.values() for n in MPI_INDICATORS)]
    lines = [
        *outline_lines(c),
        headline(c, choice),
        *method_lines(c),
        c.words("urgent.never_add"),
        source_line(c, choice.rows(["target_poor", "target_poor_rate", *names]), choice.year),
        several_source(c, choice),
    ]
    return list(dict.fromkeys(line for line in lines if line))


def downloads(c: Context, choice: Choice) -> None:
    """The areas as CSV, with outlines and as the map on paper; a workbook with the area itself, the sets, and the sources."""
    if download_place() is None:
        return

    def workbook() -> bytes:
        th, en = texts("th"), texts("en")
        columns = dict.fromkeys((*COLUMNS, *AGAINST, *SETS))
        words = [
            (name, th[f"urgent.export.{name}"], en[f"urgent.export.{name}"])
            for name in columns
            if f"urgent.export.{name}" in th
        ]
        words += [
            (name, indicator(name).description_th, indicator(name).description_en) for name in DIMENSION_RATES
        ]
        own = choice.rows(
            ["target_poor", *DIMENSION_RATES, *(COUNTED["all"].format(n) for n in MPI_INDICATORS)]
        )
        for used in own["definition"].dropna().unique():
            try:
                entry = definition(str(used))
            except DefinitionError:
                continue  # the id alone stands in the sheets
            words.append((f"definition {used}", entry.text_th, entry.text_en))
        sources = {str(s) for s in (*choice.table["source_id"].dropna(), *own["source_id"].dropna())}
        facts = [c.warehouse.source(s) for s in sorted(sources)]
        return export.xlsx_bytes(
            [
                Sheet("areas", COLUMNS, list(area_rows(c, choice)), (11, 24, 24)),
                Sheet("against", AGAINST, list(against_rows(choice)), (24, 60, 60)),
                Sheet("sets", SETS, set_rows(c, choice), (8, 60, 12, 12, 12)),
                Sheet("dictionary", ("column", "ไทย", "English"), words, (26, 70, 70)),
                Sheet("sources", ("key", "value"), source_rows(facts, file_notes(c, choice)), (16, 110)),
            ],
            c.words("page.urgent.title"),
        )

    outlined = choice.plan.draw_level == choice.plan.level
    stem = ("urgent", choice.order, choice.plan.level, c.area.code, str(choice.year))
    download_buttons(
        c,
        stem,
        lambda: export.csv_bytes(COLUMNS, area_rows(c, choice), file_notes(c, choice)),
        workbook,
        key="urgent",
        notes=lambda: file_notes(c, choice),
        features=[Features(c.words("page.urgent.title"), lambda: _features(c, choice))] if outlined else [],
        paper=_paper(c, choice),
        view=replace(c.view, year=choice.year),
    )


def _features(c: Context, choice: Choice) -> FeatureTable:
    """The rows of the CSV with their outlines."""
    p = choice.plan
    title = f"{c.words('page.urgent.title')} · {year_label(choice.year, c.words)}"
    return area_table(c, "urgent", title, COLUMNS, area_rows(c, choice), p.draw_level, p.draw_parent)


def _paper(c: Context, choice: Choice) -> Callable[[], PaperMap] | None:
    """What makes the map that the page shows, for paper; None where it shows none."""
    p = choice.plan
    if not choice.computed:
        scene = compose(c, choice.indicator, choice.year)
        return (lambda: scene_map(c, scene)) if can_print(c, scene) else None
    drawn = several_url(c.warehouse, p.draw_level or "", p.draw_parent or "", choice.year)
    return (lambda: _several_map(c, choice)) if drawn and c.warehouse.bounds(p.fits) else None


def _several_map(c: Context, choice: Choice) -> PaperMap:
    """The map of persons failing several dimensions, in the classes that the screen has."""
    c = on_light(c)
    w, p, key = c.words, choice.plan, several_key(c, choice)
    hidden = set(key.official.loc[key.official["several_hidden"], "area_code"])
    legend = class_legend(
        c, w("urgent.several_name"), w("urgent.several_unit"), key.rows, key.missing, key.lines, hidden=len(hidden)
    )  # fmt: skip
    areas = painted(
        c, p.draw_level, p.draw_parent, key.official.set_index("area_code")["several_rate"], key.classes.bounds,
        colours(key.classes, several_entry()), inside=p.inside, hidden=hidden,
    )  # fmt: skip
    year = year_label(choice.year, w)
    return PaperMap(
        title=f"{legend.title} · {year}",
        legends=[legend],
        drawn=framed(c, [areas]),
        fits=p.fits,
        level=p.draw_level,
        alt=w("map.alt", indicator=legend.title, area=c.name(c.area), year=year),
        made_up=is_made_up(c, choice.table["source_id"].dropna().unique()),
        footer=[*definition_lines(c, choice.table), w("urgent.never_add")],
    )
