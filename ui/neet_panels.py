"""The blocks of the NEET screen; each draws one source at a time, or sources side by side, and never a mix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from analytics.catalogue import NEET_STEPS, indicator
from analytics.classify import classify
from analytics.definitions import definition
from analytics.formatting import number, withheld_text
from geo.codes import COUNTRY
from geo.exchange import FeatureTable
from ui import data, export
from ui.classes import class_spec, colours, legend_rows
from ui.downloads import Features, download_buttons, download_place
from ui.features import area_table
from ui.figures import ranks
from ui.frame import Context, choose
from ui.legend import LegendRow, legend_html
from ui.map import MAP_HEIGHT, AreaLayer, deck
from ui.markdown import escape_markdown, markdown_table
from ui.neet_charts import Line, beside, rate_bars
from ui.opening import map_opens, row_opens
from ui.outlines import outline_lines, outline_note
from ui.palette import RGB, ramp
from ui.print_panels import (
    PaperMap,
    class_legend,
    definition_lines,
    framed,
    is_made_up,
    on_light,
    painted,
)
from ui.scene import plan_of
from ui.tables import display_name, year_label
from ui.texts import texts
from ui.workbook import source_rows
from warehouse.neet import (
    UNSTATED_YEAR,
    Means,
    means,
    neet_sources,
    neet_table,
    side_by_side,
    step_years,
    steps_inside,
    steps_of,
    where_sources_meet,
    with_gap,
)
from warehouse.neet_layers import neet_url
from warehouse.query import shared

BARS = 20
MONTHS = range(4, 11)
DEPRIVATIONS = ("target_education_rate", "target_income_rate")
COLUMNS = (
    "area_code",
    "name_th",
    "name_en",
    "neet_rate",
    "low",
    "high",
    "neet",
    "youth_15_24",
    "gap",
    "neet_sample",
    "neet_standard_error",
    "note",
    "definition",
    "source",
    "year",
    "year_be",
)


# Kept by snapshot, since each asks for every source and year there is; nothing here is changed in place.
@st.cache_resource(max_entries=64, show_spinner=False)
def _table(snapshot: str, source: str, year: int, level: str, within: str) -> pd.DataFrame:
    return neet_table(shared(data.snapshots_with(snapshot), snapshot), source, year, level, within)


@st.cache_resource(max_entries=32, show_spinner=False)
def _means(snapshot: str, source: str, year: int) -> Means:
    return means(shared(data.snapshots_with(snapshot), snapshot), source, year)


@st.cache_resource(max_entries=256, show_spinner=False)
def _side_by_side(snapshot: str, code: str) -> pd.DataFrame:
    return side_by_side(shared(data.snapshots_with(snapshot), snapshot), code)


@st.cache_resource(max_entries=4, show_spinner=False)
def _where_sources_meet(snapshot: str) -> list[str]:
    return where_sources_meet(shared(data.snapshots_with(snapshot), snapshot))


@dataclass(frozen=True, slots=True)
class Choice:
    """What is shown: one source and year, and the areas of one level inside one area.

    Attributes
    ----------
    table : DataFrame
        As `warehouse.neet.neet_table`, with ``gap``.
    moved : bool
        The source knows nothing inside the area looked at, so the areas around it are shown.
    """

    source: str
    year: int
    level: str
    within: str
    table: pd.DataFrame
    means: Means
    moved: bool

    @property
    def dated(self) -> bool:
        """Whether the source states the year of its survey."""
        return self.source not in UNSTATED_YEAR


def choose_source(c: Context) -> Choice | None:
    """The source and year of the address, else the newest; None where there is no NEET rate at all."""
    have = neet_sources(c.warehouse)
    if not have:
        return None
    source = c.view.source if c.view.source in have else next(iter(have))
    years = have[source]
    year = c.view.year if c.view.year in years else years[-1]
    compared = _means(c.warehouse.snapshot, source, year)
    p = plan_of(c)
    places = [(p.level, p.within), (c.area.level, c.area.parent or COUNTRY), ("province", COUNTRY)]
    for moved, (level, within) in enumerate(places):
        if level in ("village", "country"):
            continue
        table = _table(c.warehouse.snapshot, source, year, level, within)
        if table["neet_rate"].notna().any() or table["suppressed"].any():
            table = with_gap(table, compared.country)
            return Choice(source, year, level, within, table, compared, bool(moved))
    return None


def year_words(c: Context, source: str, year: int) -> str:
    """The year of a source, or that it states none."""
    if source in UNSTATED_YEAR:
        return c.words("neet.year_unstated", year=year_label(year, c.words))
    return year_label(year, c.words)


def title_of(c: Context, source: str) -> str:
    """A source's own name; data, to be escaped."""
    return c.words.pick(*data.source_titles(c.warehouse.snapshot)[source])


def minimum_sample(c: Context) -> int:
    """Below this a sample is small, in this snapshot."""
    return int(c.warehouse.info.contents.get("neet", {}).get("minimum_sample", 30))


def controls(c: Context, choice: Choice) -> None:
    """Which source and which of its years."""
    w = c.words
    have = neet_sources(c.warehouse)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="neet_controls"):
        choose(
            st.selectbox,
            w("neet.source"),
            "source",
            list(have),
            lambda s: title_of(c, s),
            value=choice.source,
            help=w("neet.source_help"),
            width=560,
        )
        if len(have[choice.source]) > 1:
            choose(
                st.selectbox,
                w("year.label"),
                "year",
                sorted(have[choice.source], reverse=True),
                lambda y: year_words(c, choice.source, y),
                value=choice.year,
                width=150,
            )


def notices(c: Context, choice: Choice) -> None:
    """What has to be known before a number of this source is read."""
    w = c.words
    if not choice.dated:
        st.warning(w("neet.undated"), icon=":material/event_busy:")
    if choice.moved:
        st.info(w("neet.moved", level=w(f"level.{choice.level}")), icon=":material/info:")
    texts = [definition(str(d)) for d in choice.table["definition"].dropna().unique()]
    for text in texts:
        st.caption(escape_markdown(w("neet.definition", text=w.pick(text.text_th, text.text_en))))


def source_text(c: Context, choice: Choice) -> str:
    """Title, year and snapshot of the source shown, and how many of its rates are hidden; plain text."""
    line = c.words(
        "source.line",
        source=title_of(c, choice.source),
        year=year_words(c, choice.source, choice.year),
        snapshot=c.warehouse.snapshot[:11],
    )
    hidden = int(choice.table["suppressed"].sum())
    if hidden:
        line += " · " + c.words("neet.hidden", count=hidden, minimum=c.warehouse.minimum, n=minimum_sample(c))
    return line


@dataclass(frozen=True, slots=True)
class MapKey:
    """What map and legend share: bounds and colours from the lowest class, the legend's rows and what stands below them."""

    bounds: tuple[float, ...]
    colours: tuple[RGB, ...]
    rows: list[LegendRow]
    missing: LegendRow | None
    notes: list[str]


def map_key(c: Context, choice: Choice) -> MapKey:
    """Classes of a source that knows most areas; one colour for the few areas that a source lists.

    Classes of a short list would paint the lowest of it, perhaps one of the highest of the country, as low.
    """
    w, ind = c.words, indicator("neet_rate")
    rates = choice.table["neet_rate"]
    hidden = bool(choice.table["suppressed"].any())
    if ranks(choice.table.assign(value=rates)):
        classes = classify(rates, class_spec(ind, c.view))
        rows, missing = legend_rows(classes, ind, w, c.theme, hidden=hidden)
        method = w("legend.method", method=w(f"method.{classes.method}"), k=number(classes.k, 0))
        return MapKey(classes.bounds, colours(classes, ind), rows, missing, [method, w("legend.free")])
    known = rates.dropna()
    # Not of the ramp of poverty, whose colours mean high and low.
    colour = ramp("population", 5)[3]
    label = w("legend.missing_or_hidden" if hidden else "legend.missing")
    level = w(f"level.{choice.level}")
    notes = [w("neet.listed_only", n=len(known), all=len(rates), level=level)]
    if not choice.dated:
        notes.insert(0, w("neet.listed_highest"))
    return MapKey(
        (float(known.max()),) if len(known) else (),
        (colour,) if len(known) else (),
        [LegendRow(colour, w("neet.listed"), len(known))] if len(known) else [],
        LegendRow(c.theme.missing, label, len(rates) - len(known)),
        notes,
    )


def _parent(choice: Choice) -> str:
    """The country or the province whose layer is drawn."""
    return COUNTRY if choice.level == "province" else choice.within[:2]


def _inside(choice: Choice) -> str | None:
    """The district whose subdistricts are coloured; None colours all."""
    return choice.within if choice.level == "subdistrict" and len(choice.within) == 4 else None


def _legend_key(c: Context, choice: Choice, key: MapKey) -> tuple[Any, ...]:
    """What the legend says on the screen and on paper, as `legend_html` and `class_legend` take it."""
    ind = indicator("neet_rate")
    lines = [*outline_lines(c, choice.level), *key.notes, source_text(c, choice)]
    return c.words.pick(ind.name_th, ind.name_en), "%", key.rows, key.missing, lines


def map_panel(c: Context, choice: Choice) -> None:
    """Rates of the source on the map, with the legend beside it."""
    w, ind = c.words, indicator("neet_rate")
    url = neet_url(c.warehouse, choice.source, choice.year, choice.level, _parent(choice))
    bbox = c.warehouse.bounds(choice.within)
    if url is None or bbox is None:
        st.info(w("map.no_map"), icon=":material/map:")
        return
    key = map_key(c, choice)
    width = {"province": 2, "district": 4}.get(choice.level, 6)
    focus = c.area.code[:width] if c.area.code != COUNTRY and len(c.area.code) >= width else None
    layer = AreaLayer(url, ind.id, key.bounds, key.colours, inside=_inside(choice), focus=focus)
    name = "{name_th}" if w.language == "th" else "{name_en}"
    tooltip = f"<b>{name}</b><br>{w.pick(ind.short_th, ind.short_en)}: <b>{{neet_rate_t}}</b> %"
    with st.container(horizontal=True, vertical_alignment="top", gap="medium", key="neet_map_panel"):
        with st.container(width="stretch"):
            widget = f"neet_map_{choice.level}_{choice.within}"
            outline_note(c, choice.level)

            st.pydeck_chart(
                deck(layer, bbox, c.theme, tooltip, mark=c.view.mark),
                key=widget,
                height=MAP_HEIGHT,
                on_select=map_opens(widget),
                selection_mode="single-object",
                alt=w(
                    "map.alt",
                    indicator=w.pick(ind.name_th, ind.name_en),
                    area=c.name(c.area),
                    year=year_words(c, choice.source, choice.year),
                ),
            )
        with st.container(width=230, key="neet_legend"):
            st.html(legend_html(*_legend_key(c, choice, key), c.theme, w("legend.areas")))


def _names(table: pd.DataFrame, c: Context) -> list[str]:
    return [
        display_name(th, en, kind, c.words)
        for th, en, kind in zip(table["name_th"], table["name_en"], table["kind"], strict=True)
    ]


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    out = table.assign(rank=table["neet_rate"].rank(method="min", ascending=False))
    return out.sort_values(["rank", "area_code"], na_position="last", ignore_index=True)


def note_of(row: pd.Series, c: Context) -> str:
    """What is special about one rate: hidden, missing, or of a small sample."""
    if bool(row["suppressed"]):
        return withheld_text("percent", c.warehouse.minimum)
    if pd.isna(row["neet_rate"]):
        return c.words("ranking.missing")
    if row["neet_sample"] < minimum_sample(c):
        return c.words("neet.small", n=number(row["neet_sample"], 0))
    return ""


def _lines(c: Context, choice: Choice) -> tuple[Line, ...]:
    w, found = c.words, []
    if isfinite(choice.means.country):
        rate = number(choice.means.country, 2, language=w.language)
        found.append(Line(w("neet.country_line", rate=rate), choice.means.country, "dash"))
    region = c.area.region
    if region is not None and isfinite(choice.means.regions.get(region, float("nan"))):
        rate = number(choice.means.regions[region], 2, language=w.language)
        label = w("neet.region_line", region=w(f"neet.region_{region}"), rate=rate)
        found.append(Line(label, choice.means.regions[region], "dot"))
    return tuple(found)


def ranking_panel(c: Context, choice: Choice) -> None:
    """Bars of the highest rates with their intervals beside country and region, and the whole list below."""
    w = c.words
    st.subheader(w("ranking.heading", level=w(f"level.{choice.level}")), anchor=False)
    rows = _ranked(choice.table)
    known = rows[rows["neet_rate"].notna()]
    mine = known[known["area_code"] == c.area.code]
    # The highest, and the area looked at wherever it stands.
    known = pd.concat([known.head(BARS), mine[mine.index >= BARS]])
    lines = _lines(c, choice)
    if len(known):
        st.plotly_chart(
            rate_bars(
                tuple(_names(known, c)),
                tuple(known["neet_rate"]),
                tuple(zip(known["low"], known["high"], strict=True)),
                tuple(f"{number(v, 2, language=w.language)}%" for v in known["neet_rate"]),
                _names(mine, c)[0] if len(mine) else "",
                lines,
                c.theme,
            ),
            key=f"neet_bars_{c.area.code}",
            theme=None,
            config={"displayModeBar": False},
            alt=w("neet.bars_alt", area=c.name(c.area)),
        )
    comparison(c, choice)
    full = ranks(rows.assign(value=rows["neet_rate"]))
    shown = pd.DataFrame({"name": _names(rows, c), "value": rows["neet_rate"].round(2)})
    if full:
        shown.insert(0, "rank", rows["rank"].astype("Int64"))
    headings = {"rank": w("ranking.rank"), "name": w("ranking.name"), "value": w("neet.rate")}
    if rows["low"].notna().any():
        shown["interval"] = [interval_text(r.low, r.high, c) for r in rows.itertuples()]
        headings["interval"] = w("neet.interval")
    for column, heading in (
        ("youth_15_24", "neet.youth"),
        ("gap", "neet.gap"),
        ("neet_sample", "neet.sample"),
    ):
        if rows[column].notna().any():
            shown[column] = rows[column].round(0)
            headings[column] = w(heading)
    notes = [note_of(row, c) for _, row in rows.iterrows()]
    if any(notes):
        shown["note"] = notes
        headings["note"] = w("ranking.note")
    key = f"neet_ranking_{c.area.code}_{choice.level}"

    config = {
        name: st.column_config.NumberColumn(heading, format="localized" if name != "value" else "%.2f")
        if name not in ("name", "interval", "note")
        else st.column_config.TextColumn(heading)
        for name, heading in headings.items()
    }
    st.dataframe(
        pa.Table.from_pandas(shown, preserve_index=False).replace_schema_metadata(None),
        key=key,
        hide_index=True,
        placeholder="–",
        column_config=config,
        height=min(38 + 35 * len(shown), 480),
        on_select=row_opens(key, rows["area_code"]),
        selection_mode="single-row",
        alt=w("neet.table_alt", area=c.name(c.area)),
    )
    official = rows[rows["kind"] == "official"]["neet_rate"]
    if not full:
        st.caption(w("neet.partial", n=int(official.notna().sum()), all=len(official)))
    st.caption(w("ranking.select"))
    st.caption(escape_markdown(source_text(c, choice)))


def interval_text(low: float, high: float, c: Context) -> str:
    """``18.1 – 25.3``; empty where there is no interval."""
    if pd.isna(low) or pd.isna(high):
        return ""
    return c.words(
        "legend.between",
        low=number(low, 1, language=c.words.language),
        high=number(high, 1, language=c.words.language),
    )


def comparison(c: Context, choice: Choice) -> None:
    """The area looked at against the country and its region, in one source, with the gap in young people."""
    w, found = c.words, []
    row = choice.table[choice.table["area_code"] == c.area.code]
    if not isfinite(choice.means.country):
        found.append(w("neet.no_country"))
    region = c.area.region
    if region is not None and not isfinite(choice.means.regions.get(region, float("nan"))):
        n, all_of = choice.means.known.get(region, (0, 0))
        found.append(w("neet.no_region", region=w(f"neet.region_{region}"), n=n, all=all_of))
    if len(row) and pd.notna(row["gap"].iloc[0]):
        gap = float(row["gap"].iloc[0])
        key = "neet.gap_above" if gap > 0 else "neet.gap_below"
        found.append(w(key, n=number(abs(gap), 0, language=w.language)))
    elif len(row) and isfinite(choice.means.country):
        found.append(w("neet.gap_unknown"))
    for line in found:
        st.markdown("- " + line)


def sources_panel(c: Context) -> None:
    """What every source says of the area; of the country, where two sources speak of one province."""
    w = c.words
    st.subheader(w("neet.sources"), anchor=False)
    everywhere = c.area.level == "country"
    codes = _where_sources_meet(c.warehouse.snapshot) if everywhere else [c.area.code]
    lines: list[str] = []
    meanings: dict[str, str] = {}
    for code in codes[:BARS]:
        indent = ""
        if everywhere:
            lines.append(f"- {escape_markdown(c.name(c.warehouse.area(code)))}")
            indent = "    "
        for found in _side_by_side(c.warehouse.snapshot, code).itertuples():
            about = definition(str(found.definition))
            title = title_of(c, found.source_id)
            meanings[title] = w.pick(about.text_th, about.text_en)
            if found.suppressed:
                rate = withheld_text("percent", c.warehouse.minimum)
            else:
                rate = f"{number(found.neet_rate, 2, language=w.language)}%"
            facts = [rate]
            span = interval_text(found.low, found.high, c)
            if span:
                facts.append(f"{w('neet.interval')} {span}")
            facts.append(year_words(c, found.source_id, int(found.year)))
            if pd.notna(found.neet_sample):
                facts.append(w("neet.sample_of", n=number(found.neet_sample, 0, language=w.language)))
            block = [f"**{escape_markdown(title)}**", escape_markdown(" · ".join(facts))]
            if not everywhere:
                block.append(escape_markdown(meanings[title]))
            # Two blanks at the end of a line are a line break in Markdown.
            lines.append(f"{indent}- " + f"  \n{indent}  ".join(block))
    if not lines:
        st.info(w("neet.no_meeting" if everywhere else "neet.no_source"), icon=":material/info:")
        return
    # A list and no table: titles and years of sources are sentences, and columns of them are wider than a phone.
    st.markdown("\n".join(lines))
    if len(codes) > BARS:
        st.caption(w("neet.meeting_more", n=BARS, all=len(codes)))
    for title, meaning in meanings.items() if everywhere else ():
        st.caption(escape_markdown(w("neet.meaning", source=title, text=meaning)))
    st.caption(w("neet.never_mixed"))


def deprivation_panel(c: Context, choice: Choice) -> None:
    """NEET beside the education and the income deprivation of the same areas, each with its own year."""
    w = c.words
    st.subheader(w("neet.beside"), anchor=False)
    known = choice.table[choice.table["neet_rate"].notna()]
    drawn = False
    for place, name in zip(st.columns(2, gap="medium"), DEPRIVATIONS, strict=True):
        years = c.warehouse.years(name, choice.level)
        if not years:
            continue
        # The year nearest to the source's own, the newer of two as near.
        year = min(years, key=lambda y: (abs(y - choice.year), -y))
        frame = c.warehouse.values(name, level=choice.level, year=year, within=choice.within)
        values = frame.set_index("area_code")["value"].reindex(known["area_code"]).to_numpy(dtype=float)
        both = known[pd.notna(values)]
        if both.empty:
            continue
        drawn = True
        with place:
            title = w(f"neet.axis_{name}")
            st.plotly_chart(
                beside(
                    tuple(values[pd.notna(values)]),
                    tuple(both["neet_rate"]),
                    tuple(_names(both, c)),
                    (title, "NEET (%)"),
                    c.theme,
                ),
                key=f"neet_{name}_{c.area.code}",
                theme=None,
                config={"displayModeBar": False},
                alt=w("neet.beside_alt", indicator=title),
            )
            st.caption(
                escape_markdown(
                    w(
                        "neet.beside_years",
                        across=year_label(year, w),
                        source=title_of(c, choice.source),
                        year=year_words(c, choice.source, choice.year),
                    )
                )
            )
            left = len(known) - len(both)
            if left:
                st.caption(w("neet.left_out", n=left))
    if not drawn:
        st.info(w("neet.nothing_beside"), icon=":material/info:")
        return
    st.caption(w("neet.beside_note"))


def steps_panel(c: Context) -> None:
    """The four steps as a checklist and on the months from April to October, as the area reports them."""
    w = c.words
    st.subheader(w("neet.steps"), anchor=False)
    below = plan_of(c)
    levels = [c.area.level, below.level]
    years = sorted({y for level in levels for y in step_years(c.warehouse, level)}, reverse=True)
    if not years:
        st.markdown(
            markdown_table(
                [w("neet.step"), w("neet.step_what")],
                [[f"{k}. {w.pick(*NEET_STEPS[k])}", w(f"neet.step_{k}")] for k in NEET_STEPS],
                text=(0, 1),
            )
        )
        st.info(w("neet.no_steps"), icon=":material/checklist:")
        return
    year = c.view.year if c.view.year in years else years[0]
    own = steps_of(c.warehouse, c.area.code, year).set_index("step")
    inside = steps_inside(c.warehouse, below.level, below.within, year)
    headings = [
        w("neet.step"),
        w("neet.done"),
        w("neet.months"),
        w("neet.reached"),
        w("neet.inside", level=w(f"level.{below.level}")),
    ]
    rows = []
    for step in NEET_STEPS:
        row = own.loc[step]
        done = "–" if pd.isna(row["done"]) else w("neet.yes" if row["done"] == 1 else "neet.no")
        if pd.notna(row["month"]):
            # Told in words as well: a dot on a line says nothing to a screen reader.
            reported_month = int(row["month"])
            done += f" ({w(f'neet.month_{reported_month}')})"
        line = "".join("●" if row["month"] == month else "○" for month in MONTHS)
        people = (
            withheld_text("persons", c.warehouse.minimum)
            if row["hidden"]
            else number(row["reached"], 0, language=w.language)
        )
        finished, reported = inside[step]
        below_done = w("neet.of", n=finished, all=reported) if reported else "–"
        rows.append([f"{step}. {w.pick(*NEET_STEPS[step])}", done, line, people, below_done])
    st.markdown(f"**{escape_markdown(c.name(c.area))}** · {year_label(year, w)}")
    with st.container(key="neet_steps"):
        # Seven dots in a row do not wrap: on a phone the table scrolls, and the page does not.
        st.html("<style>.st-key-neet_steps [data-testid=stMarkdownContainer]{overflow-x:auto}</style>")
        st.markdown(markdown_table(headings, rows, text=(0, 1, 2, 4)))
    st.caption(w("neet.steps_note"))


def export_rows(c: Context, choice: Choice) -> list[list[object]]:
    """Every area of the view in the order of `COLUMNS`; a source without a survey year leaves the years empty."""
    rows = []
    for _, row in _ranked(choice.table).iterrows():
        years = [choice.year, choice.year + 543] if choice.dated else [None, None]
        values = [row.get(name) for name in COLUMNS[:11]]
        rows.append([*values, note_of(row, c), row["definition"], title_of(c, choice.source), *years])
    return rows


def neet_paper(c: Context, choice: Choice) -> PaperMap:
    """The map of the source as it is printed."""
    c = on_light(c)
    w, key = c.words, map_key(c, choice)
    legend = class_legend(c, *_legend_key(c, choice, key), hidden=len(_hidden(choice)))
    areas = painted(
        c, choice.level, _parent(choice), choice.table.set_index("area_code")["neet_rate"], key.bounds, key.colours,
        inside=_inside(choice), hidden=_hidden(choice),
    )  # fmt: skip
    year = year_words(c, choice.source, choice.year)
    return PaperMap(
        title=f"{legend.title} · {year}",
        legends=[legend],
        drawn=framed(c, [areas]),
        fits=choice.within,
        level=choice.level,
        alt=w("map.alt", indicator=legend.title, area=c.name(c.area), year=year),
        made_up=is_made_up(c, [choice.source]),
        footer=[*definition_lines(c, choice.table), w("neet.never_mixed")],
    )


def _hidden(choice: Choice) -> set[str]:
    table = choice.table
    return set(table.loc[table["suppressed"].fillna(False).astype(bool), "area_code"])


def neet_features(c: Context, choice: Choice) -> FeatureTable:
    """The rows of the CSV with their outlines; which are hidden stands in a column of its own."""
    hidden = _hidden(choice)
    rows = [[*row, str(row[0] in hidden).lower()] for row in export_rows(c, choice)]
    title = f"NEET · {title_of(c, choice.source)}"
    return area_table(c, "neet", title, [*COLUMNS, "suppressed"], rows, choice.level, _parent(choice))


def downloads(c: Context, choice: Choice) -> None:
    """The view as tables, with what each column says and where the numbers come from, with outlines, and on paper."""
    if download_place() is None:
        return
    w = c.words

    def notes() -> Sequence[str]:
        return [*outline_lines(c), source_text(c, choice), w("neet.never_mixed")]

    def csv_file() -> bytes:
        return export.csv_bytes(COLUMNS, export_rows(c, choice), notes())

    def workbook() -> bytes:
        facts = [c.warehouse.source(choice.source)]
        th, en = texts("th"), texts("en")
        meanings = [(name, th[f"neet.export.{name}"], en[f"neet.export.{name}"]) for name in COLUMNS]
        sheets = [
            export.Sheet("data", COLUMNS, export_rows(c, choice), (11, 24, 24, 12)),
            export.Sheet("dictionary", ("column", "ไทย", "English"), meanings, (22, 70, 70)),
            export.Sheet("sources", ("key", "value"), source_rows(facts, notes()), (16, 110)),
        ]
        return export.xlsx_bytes(sheets, w("page.neet.title"))

    mapped = (
        c.warehouse.bounds(choice.within) is not None
        and neet_url(c.warehouse, choice.source, choice.year, choice.level, _parent(choice)) is not None
    )
    download_buttons(
        c,
        ("neet", choice.source, choice.level, choice.within, str(choice.year)),
        csv_file,
        workbook,
        key="neet",
        notes=notes,
        features=[Features(w("page.neet.title"), lambda: neet_features(c, choice))] if mapped else [],
        paper=(lambda: neet_paper(c, choice)) if mapped else None,
        view=replace(c.view, source=choice.source, year=choice.year),
    )
