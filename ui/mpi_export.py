"""What the MPI tool is downloaded as: measures of the areas listed with the specification they were worked out by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import isnan

import streamlit as st

from geo.exchange import FeatureTable
from ui import export
from ui.classes import colours
from ui.downloads import Features, download_buttons, download_place
from ui.export import Sheet
from ui.features import area_table, with_facts
from ui.frame import Context
from ui.mpi_panels import cut_text, map_classes, map_inside, map_key, map_url, measure_name, source_text
from ui.mpi_robust import settings_text, stability_frame
from ui.mpi_state import Choice, area_shown, found, lacking, missing_text, share_of, table
from ui.outlines import outline_lines, synthetic_lines
from ui.print_panels import PaperMap, class_legend, framed, on_light, painted
from ui.tables import year_label
from ui.texts import texts
from ui.workbook import source_rows

COLUMNS = (
    "area_code", "name_th", "name_en", "persons", "poor", "headcount_percent", "intensity_percent", "m0",
    "own_headcount_percent", "own_intensity_percent", "own_m0", "rank_m0", "own_rank_m0", "worst_fifth_share",
    "rank_low", "rank_high", "asked", "answer_missing", "left_out", "k", "weights", "year", "year_be", "source", "made_up",
)  # fmt: skip
PART_COLUMNS = ("area_code", "name_th", "name_en", "part", "name", "weight", "uncensored_percent", "censored_percent",
                "contribution_percent")  # fmt: skip


def rows(c: Context, choice: Choice) -> Iterator[list[object]]:
    """One row an area in the order of `COLUMNS`; an empty cell is unknown, never zero."""
    now, own = found(c, choice.question), found(c, choice.own)
    ranks = stability_frame(c, choice)
    frame = table(c, choice)
    place = now["M0", ""].rank(method="min", ascending=False)
    own_place = own["M0", ""].rank(method="min", ascending=False)
    weights = weights_text(choice)
    q = choice.question
    cost = lacking(c.warehouse.snapshot, q.key, q.level, q.within, q.year)
    made_up = str(choice.edition.made_up).lower()
    for area in frame.itertuples():
        code = str(area.area_code)
        known = code in now.index
        numbers: list[object] = [None] * 10
        if known:
            a, b = now.loc[code], own.loc[code]
            numbers = [
                a["n", ""], a["poor", ""], 100 * a["H", ""], 100 * a["A", ""], a["M0", ""],
                100 * b["H", ""], 100 * b["A", ""], b["M0", ""], _whole(place[code]), _whole(own_place[code]),
            ]  # fmt: skip
        gaps = list(cost.loc[code, ["asked", "rows", "left_out"]]) if code in cost.index else [None] * 3
        stay = list(ranks.loc[code]) if code in ranks.index else [None] * 3
        yield [
            code, area.name_th, area.name_en, *numbers, *stay, *gaps, str(choice.spec.k), weights, q.year, q.year + 543,
            choice.edition.sources[q.year], made_up,
        ]  # fmt: skip


def _whole(place: float) -> int | None:
    """A rank; None where nobody's indicators are all known, and there is none."""
    return None if isnan(place) else int(place)


def part_rows(c: Context, choice: Choice) -> Iterator[list[object]]:
    """One row an area and indicator in the order of `PART_COLUMNS`."""
    now = found(c, choice.question)
    for area in table(c, choice).itertuples():
        if area.area_code not in now.index:
            continue
        row = now.loc[str(area.area_code)]
        for one in choice.spec.indicators:
            yield [
                area.area_code, area.name_th, area.name_en, one.id, c.words.pick(one.name_th, one.name_en),
                float(one.weight),
                *(100 * row[kind, one.id] for kind in ("uncensored", "censored")),
                row["contribution_percent", one.id],
            ]  # fmt: skip


def weights_text(choice: Choice) -> str:
    """Weights of the indicators as exact fractions: ``ind01=1/20; ...``."""
    return "; ".join(f"{one.id}={one.weight}" for one in choice.spec.indicators)


def notes(c: Context, choice: Choice) -> list[str]:
    """What the numbers are and by which settings; every export carries it."""
    w, spec = c.words, choice.edition.spec
    lines = [
        f"{w.pick(spec.name_th, spec.name_en)} · {w('mpi.computed')}",
        w("mpi.cut_now", k=cut_text(c, share_of(choice.spec)), own=cut_text(c, share_of(spec))),
        w("mpi.export_weights", weights=weights_text(choice)),
        missing_text(c, choice, area_shown(c, choice)),
        settings_text(c, choice),
        source_text(c, choice),
        w.pick(spec.note_th, spec.note_en),
    ]
    if choice.edition.made_up:
        lines.insert(0, w("mpi.made_up_short"))
    lines += outline_lines(c)
    return [line for line in lines if line]


def specification(choice: Choice) -> str:
    """The specification as TOML, as it came; where cut-off or weights of the view differ, with these, under an id of its own.

    `analytics.mpi_specs.load_spec` reads it, so that a result can be worked out again elsewhere.
    """
    if not choice.changed:
        return choice.edition.spec.entry
    return choice.spec.variant().entry


def mpi_paper(c: Context, choice: Choice) -> PaperMap:
    """The map of the measure as it is printed."""
    c = on_light(c)
    w, q = c.words, choice.question
    frame = table(c, choice)
    classes = map_classes(c, choice, frame)
    legend = class_legend(c, *map_key(c, choice, classes))
    values = frame.set_index("area_code")["value"]
    areas = painted(
        c, q.level, choice.draw_parent, values, classes.bounds, colours(classes, choice.entry), inside=map_inside(choice)
    )  # fmt: skip
    year = year_label(q.year, w)
    return PaperMap(
        title=f"{legend.title} · {year}",
        legends=[legend],
        drawn=framed(c, [areas]),
        fits=choice.inside or q.within,
        level=q.level,
        alt=w("map.alt", indicator=legend.title, area=c.name(c.area), year=year),
        made_up=choice.edition.made_up,
        badges=[w("mpi.computed")],
        footer=notes(c, choice)[:4],
    )


def mpi_features(c: Context, choice: Choice) -> FeatureTable:
    """The rows of the CSV with their outlines, and the specification they were worked out by."""
    q = choice.question
    columns, body = with_facts(COLUMNS, rows(c, choice), {"definition": choice.spec.id})
    title = measure_name(c, choice, choice.measure)
    return area_table(c, "mpi", title, columns, body, q.level, choice.draw_parent)


def downloads(c: Context, choice: Choice) -> None:
    """Tables with parts, dictionary and sources, outlines, the map on paper, and the specification."""
    place = download_place()
    if place is None:
        return

    def workbook() -> bytes:
        th, en = texts("th"), texts("en")
        names = dict.fromkeys((*COLUMNS, *PART_COLUMNS))
        words = [(name, th[f"mpi.export.{name}"], en[f"mpi.export.{name}"]) for name in names]
        facts = [c.warehouse.source(choice.edition.sources[choice.question.year])]
        lines = [(line,) for line in specification(choice).splitlines()]
        return export.xlsx_bytes(
            [
                Sheet("areas", COLUMNS, list(rows(c, choice)), (11, 24, 24)),
                Sheet("indicators", PART_COLUMNS, list(part_rows(c, choice)), (11, 24, 24, 14, 44)),
                Sheet("dictionary", ("column", "ไทย", "English"), words, (24, 70, 70)),
                Sheet("specification", ("toml",), lines, (110,)),
                Sheet("sources", ("key", "value"), source_rows(facts, notes(c, choice)), (16, 110)),
            ],
            c.words("page.mpi_tool.title"),
        )

    q = choice.question
    stem = ("mpi", choice.edition.spec.id, q.level, q.within, str(q.year))
    mapped = map_url(c, choice) is not None and c.warehouse.bounds(choice.inside or q.within) is not None
    download_buttons(
        c,
        stem,
        lambda: export.csv_bytes(COLUMNS, rows(c, choice), notes(c, choice)),
        workbook,
        key="mpi",
        notes=lambda: notes(c, choice),
        features=[Features(c.words("page.mpi_tool.title"), lambda: mpi_features(c, choice))]
        if mapped
        else [],
        paper=(lambda: mpi_paper(c, choice)) if mapped else None,
        view=replace(c.view, source=choice.edition.key, year=q.year, measure=choice.measure),
    )
    with place:
        st.download_button(
            c.words("mpi.download_spec"),
            lambda: "".join([*(f"# {line}\n" for line in synthetic_lines(c)), specification(choice)]).encode(
                "utf-8"
            ),
            file_name=export.file_name(*stem, synthetic=c.synthetic, suffix="toml"),
            mime="application/toml",
            icon=":material/description:",
            key="mpi_toml",
            on_click="ignore",
        )
