"""Everything known of one area: first what the layers on the map show of it, then every other number of the snapshot.

A row says its year, source and definition. What is hidden stays its mark, what is missing is said to be missing, and a rank is
given only where four fifths of the areas of its level have a number that somebody measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import streamlit as st

from analytics.catalogue import Indicator, indicator
from analytics.definitions import DefinitionError, definition
from analytics.formatting import number, withheld_text
from analytics.services import load_services
from analytics.stars import star_text
from geo.codes import COUNTRY
from ui import data, export
from ui.export import Sheet
from ui.figures import place
from ui.frame import Context
from ui.markdown import escape_markdown
from ui.outlines import outline_lines
from ui.overlay_scene import NEET, Shown
from ui.services_text import counted_text, partial, persons
from ui.tables import year_label
from ui.texts import texts
from ui.workbook import source_rows
from warehouse.neet import side_by_side

COLUMNS = (
    "area_code", "name_th", "name_en", "on_map", "indicator", "what", "value", "shown", "unit", "year", "year_be", "rank",
    "among", "source", "definition", "suppressed",
)  # fmt: skip
"""Columns of the download, the same in both languages."""
LIGHT = ("light_mean", "light_sum", "light_lit_share")


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known of an area.

    Attributes
    ----------
    indicator : str
        Id in the catalogue; ``places_<kind>`` and the like for what is counted from points.
    what, shown, unit : str
        In the language of the screen; `shown` is a number, a mark for what is hidden, or the words for no data.
    value : float or None
    year : int or None
        Common era.
    source : str
        Title, in the language of the screen.
    source_id : str
    definition : str
        What is counted, in words.
    rank : tuple of int, or None
        Place among the areas of the level by value, 1 the highest, and how many have a number.
    suppressed : bool
    """

    indicator: str
    what: str
    shown: str
    unit: str
    value: float | None = None
    year: int | None = None
    source: str = ""
    source_id: str = ""
    definition: str = ""
    rank: tuple[int, int] | None = None
    suppressed: bool = False


def _definition_text(c: Context, name: object) -> str:
    if pd.isna(name):  # type: ignore[call-overload]
        return ""
    try:
        entry = definition(str(name))
    except DefinitionError:
        return str(name)
    return c.words.pick(entry.text_th, entry.text_en)


def _fact(c: Context, entry: Indicator, row: pd.Series, *, rank: bool) -> Fact:
    """A row of `Warehouse.values` or `Warehouse.profile` as a fact."""
    w = c.words
    value = None if pd.isna(row["value"]) else float(row["value"])
    hidden = bool(row["suppressed"]) if not pd.isna(row["suppressed"]) else False
    source = "" if pd.isna(row["source_id"]) else str(row["source_id"])
    if value is None:
        shown = withheld_text(entry.unit, c.warehouse.minimum) if hidden else w("figures.no_data")
    elif entry.unit == "stars":
        shown = star_text(int(value), w.language)
    else:
        shown = number(value, entry.decimals, language=w.language)
    year = int(row["year"])
    found = None
    if (
        rank
        and value is not None
        and c.area.level != "country"
        and entry.unit != "stars"
        and source not in data.made_up_sources(c.warehouse.snapshot)
    ):
        within = c.area.code[:6] if c.area.level == "village" else COUNTRY
        found = place(data.values(c.warehouse.snapshot, entry.id, c.area.level, year, within), c.area.code)
    return Fact(
        entry.id,
        w.pick(entry.name_th, entry.name_en),
        shown,
        w.pick(entry.unit_th, entry.unit_en),
        value,
        year,
        w.pick(*data.source_titles(c.warehouse.snapshot)[source]) if source else "",
        source,
        _definition_text(c, row["definition"]),
        found,
        hidden,
    )


def _value(c: Context, name: str, year: int, source: str | None = None) -> pd.Series | None:
    """What a source says of the area itself in a year."""
    if source is None:
        frame = c.warehouse.profile(c.area.code, [name], year)
    else:
        frame = c.warehouse.values(name, level=c.area.level, year=year, within=c.area.code, source=source)
    rows = frame[frame["area_code"] == c.area.code]
    return None if rows.empty else rows.iloc[0]


def layer_facts(c: Context, shown: Sequence[Shown]) -> list[Fact]:
    """What the layers that are on show of the area, the uppermost first."""
    facts: list[Fact] = []
    for one in reversed(shown):
        layer = one.layer
        if not layer.on:
            continue
        if layer.kind == "areas":
            facts += _of_areas(c, one)
        elif layer.kind == "light" and layer.year is not None and not one.fault:
            for name in LIGHT:
                row = _value(c, name, layer.year, layer.source)
                if row is not None:
                    facts.append(_fact(c, indicator(name), row, rank=True))
        elif layer.kind == "place":
            facts += _of_places(c, one)
        elif layer.kind == "village":
            facts.append(_of_villages(c, one))
    # Two layers may show the same number: light as areas and as a picture.
    return list({(f.indicator, f.year, f.source_id): f for f in facts}.values())


def _of_areas(c: Context, one: Shown) -> list[Fact]:
    layer = one.layer
    if layer.indicator == NEET:
        # Every source, and no rank: where two meet both are told.
        told = side_by_side(c.warehouse, c.area.code).rename(columns={NEET: "value"})
        return [_fact(c, indicator(NEET), row, rank=False) for _, row in told.iterrows()]
    facts = []
    for name, year in ((layer.indicator, layer.year), (layer.second, layer.second_year)):
        if not name:
            continue
        row = _value(c, name, year) if year is not None else None
        if row is not None:
            facts.append(_fact(c, indicator(name), row, rank=True))
    return facts


def _of_places(c: Context, one: Shown) -> list[Fact]:
    """How many places of a kind, and how far it is to the nearest: straight lines, said so."""
    w, kind = c.words, load_services().kinds[one.layer.place]
    if c.area.level == "village":
        return []
    frame = c.warehouse.places.measures(kind.id, c.area.level, c.area.code, km=kind.radius_km)
    rows = frame[frame["area_code"] == c.area.code]
    if rows.empty:
        return []
    row, titles = rows.iloc[0], data.source_titles(c.warehouse.snapshot)
    # Places without coordinates are counted as well, so their sources are named too.
    every = c.warehouse.places.points(kind.id, within=c.area.code, located=False)
    if every.empty:  # that there is none is said by those who list the kind elsewhere
        every = c.warehouse.places.points(kind.id, located=False)
    used = tuple(str(s) for s in every["source_id"].unique())
    some = partial(c, kind.id) if c.area.level == "country" else ""
    named = w.pick(kind.name_th, kind.name_en)
    people = persons(str(row["people_indicator"]), w)
    facts = []
    for column, decimals in (("places", 0), ("per_10000", 2), ("nearest_km", 1)):
        value = None if pd.isna(row[column]) else float(row[column])
        by_people = column == "per_10000" and not pd.isna(row["people_source"])
        ids = tuple(dict.fromkeys((*used, *([str(row["people_source"])] if by_people else []))))
        facts.append(
            Fact(
                f"{column}_{kind.id}",
                w(f"overlay.fact_{column}", kind=named, people=people) + (f" ({some})" if some else ""),
                w("figures.no_data") if value is None else number(value, decimals, language=w.language),
                w(f"overlay.fact_{column}_unit"),
                value,
                int(row["people_year"]) if by_people else None,
                "; ".join(w.pick(*titles[s]) for s in ids),
                ";".join(ids),
                w(f"overlay.fact_{column}_text", counted=counted_text(c, rows) or w("figures.no_data")),
            )
        )
    return facts


def _of_villages(c: Context, one: Shown) -> Fact:
    w = c.words
    found = data.villages(c.warehouse.snapshot, c.area.code if len(c.area.code) <= 2 else c.area.code[:2])
    n = int(found["code"].str.startswith(c.area.code if c.area.level != "country" else "").sum())
    titles = data.source_titles(c.warehouse.snapshot)
    return Fact(
        "village_points",
        w("overlay.fact_villages"),
        number(n, 0, language=w.language) if n else w("figures.no_data"),
        w("overlay.fact_villages_unit"),
        float(n) or None,
        source="; ".join(w.pick(*titles[s]) for s in one.used),
        source_id=";".join(one.used),
        definition=w("overlay.fact_villages_text"),
    )


def other_facts(c: Context, known: Sequence[Fact], *, rank: bool = False) -> list[Fact]:
    """Every other indicator of the area in the newest year its level has, in the catalogue's order; without data left out."""
    level = c.area.level
    have = [i for i in c.warehouse.indicators_with_data(level) if i != NEET]
    newest: dict[int, list[str]] = {}
    for name in have:
        newest.setdefault(c.warehouse.years(name, level)[-1], []).append(name)
    seen = {(fact.indicator, fact.year) for fact in known}
    facts = {}
    for year, names in newest.items():
        for _, row in c.warehouse.profile(c.area.code, names, year).iterrows():
            name = str(row["indicator"])
            if (name, year) not in seen and (not pd.isna(row["value"]) or bool(row["suppressed"])):
                facts[name] = _fact(c, indicator(name), row, rank=rank)
    return [facts[name] for name in have if name in facts]


# ------------------------------------------------------------------------------------------------------------
# On the screen


def identify_panel(c: Context, shown: Sequence[Shown]) -> None:
    """Tables of what is known of the area looked at, and their download."""
    w = c.words
    st.subheader(escape_markdown(w("overlay.identify", area=c.name(c.area))), anchor=False)
    st.caption(w("overlay.identify_help"))
    facts = layer_facts(c, shown)
    if facts:
        _table(c, facts, "overlay_facts")
    else:
        st.info(w("overlay.no_facts"), icon=":material/info:")
    everything = st.expander(
        w("overlay.everything"), icon=":material/list:", on_change="rerun", key="overlay_everything"
    )
    if everything.open:
        with everything:
            _table(c, other_facts(c, facts), "overlay_all_facts")


def identify_notes(c: Context) -> list[str]:
    """What stands under the rows of the download."""
    w = c.words
    return [
        *outline_lines(c),
        w("overlay.snapshot_line", snapshot=c.warehouse.snapshot),
        w("overlay.rank_note"),
    ]


def identify_workbook(c: Context, facts: Sequence[Fact], notes: Sequence[str]) -> bytes:
    """What is known of the area as a workbook: data, dictionary and sources."""
    every = (*facts, *other_facts(c, facts))
    ids = dict.fromkeys(s for fact in every for s in fact.source_id.split(";") if s)
    sources = source_rows([c.warehouse.source(s) for s in ids], notes)
    widths = (11, 24, 24, 8, 22, 44, 12, 12, 14, 8, 8, 8, 8, 40, 60, 11)
    th, en = texts("th"), texts("en")
    words = [(name, th[f"overlay.export.{name}"], en[f"overlay.export.{name}"]) for name in COLUMNS]
    sheets = [
        Sheet("data", COLUMNS, identify_rows(c, facts), widths),
        Sheet("dictionary", ("column", "ไทย", "English"), words, (20, 70, 70)),
        Sheet("sources", ("key", "value"), sources, (16, 110)),
    ]
    return export.xlsx_bytes(sheets, c.words("overlay.identify", area=c.name(c.area)))


def identify_rows(c: Context, facts: Sequence[Fact]) -> list[list[object]]:
    """Rows of the download in the order of `COLUMNS`: what the map shows, then everything else, ranks in both."""
    others = other_facts(c, facts, rank=True)
    return [*_rows(c, facts, on_map=True), *_rows(c, others, on_map=False)]


def _rows(c: Context, facts: Sequence[Fact], *, on_map: bool) -> list[list[object]]:
    area = c.area
    return [
        [
            area.code, area.name_th, area.name_en, str(on_map).lower(), f.indicator, f.what, f.value, f.shown, f.unit, f.year,
            f.year + 543 if f.year is not None else None, f.rank[0] if f.rank else None, f.rank[1] if f.rank else None,
            f.source, f.definition, str(f.suppressed).lower(),
        ]
        for f in facts
    ]  # fmt: skip


def _table(c: Context, facts: Sequence[Fact], key: str) -> None:
    w = c.words
    # A village's place is among those of its subdistrict, every other area's among all of its level.
    among = "overlay.rank_in_subdistrict" if c.area.level == "village" else "overlay.rank_of"
    ranks = [w(among, rank=f.rank[0], n=f"{f.rank[1]:,}") if f.rank else "" for f in facts]
    columns = {
        "what": (w("overlay.column_what"), [f.what for f in facts]),
        "shown": (w("overlay.column_value"), [f.shown for f in facts]),
        "unit": (w("overlay.column_unit"), [f.unit for f in facts]),
        "year": (w("year.label"), [year_label(f.year, w) if f.year is not None else "" for f in facts]),
        **({"rank": (w("overlay.column_rank"), ranks)} if any(ranks) else {}),
        "source": (w("overlay.column_source"), [f.source for f in facts]),
        "definition": (w("overlay.column_definition"), [f.definition for f in facts]),
    }
    sent = pa.table({name: pa.array(values, pa.string()) for name, (_, values) in columns.items()})
    st.dataframe(
        sent,
        key=key,
        hide_index=True,
        height=min(38 + 35 * len(facts), 480),
        column_config={
            name: st.column_config.TextColumn(heading, width="medium" if name in ("what", "source") else None)
            for name, (heading, _) in columns.items()
        },
        alt=w("overlay.identify", area=c.name(c.area)),
    )
