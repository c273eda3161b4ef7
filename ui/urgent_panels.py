"""The blocks of the page of urgent issues; each draws what it is given and decides nothing about numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from analytics.catalogue import DIMENSIONS, MPI_INDICATORS, Indicator, indicator, load_mpi_indicators
from analytics.classify import Classes, ClassSpec, classify, pooled_bounds
from analytics.formatting import number, withheld_text
from analytics.urgency import COMMON, EXACTLY, MINIMUM_BASE, enough, several_bounds
from geo.codes import COUNTRY
from ui import data
from ui.charts import bars, plain
from ui.classes import class_labels, class_spec, colours, legend_rows
from ui.frame import Context, choose, go
from ui.html_table import table_html
from ui.legend import LegendRow
from ui.live_legend import live_legend
from ui.map import MAP_HEIGHT, AreaLayer, deck
from ui.markdown import escape_markdown
from ui.opening import map_opens, row_opens
from ui.outlines import outline_lines, outline_note
from ui.panels import map_panel as indicator_map
from ui.panels import source_line
from ui.scene import compose
from ui.small_multiples import MOST_AREAS, Figure, Key, Picture, address, drawn_shapes, row_html
from ui.state import COUNTED, FIRST
from ui.tables import display_name, notes, rows_shown, year_label
from ui.urgent_charts import MOST_ROWS, against, upset
from ui.urgent_gaps import gap_rows
from ui.urgent_state import CELLS, DIMENSION_RATES, Choice, inside
from ui.urgent_state import COUNTED as COUNTED_RATES
from ui.urgent_words import (
    dimension_name,
    dimension_of,
    order_name,
    percent,
    times_text,
    value_text,
    why,
)
from warehouse.several_layers import VALUE, several_url

LISTED = 5


def order_picker(c: Context) -> None:
    """By what areas need help first."""
    choose(
        st.segmented_control,
        c.words("urgent.first"),
        "first",
        FIRST,
        lambda order: c.words(f"urgent.by_{order}"),
        required=True,
        help=c.words("urgent.first_help"),
    )


def _foot(c: Context, choice: Choice, values: pd.DataFrame, *lines: str) -> None:
    """What stands under a section, as one element: its notes, already plain, and where its numbers come from."""
    source = source_line(c, values, choice.year)
    st.caption("  \n".join(escape_markdown(line) for line in (*lines, source) if line))


# ------------------------------------------------------------------------------------------------------------
# Map and list


def map_panel(c: Context, choice: Choice) -> None:
    """The order on the map: an indicator of the catalogue, or the persons failing several dimensions."""
    if not choice.computed:
        indicator_map(c, compose(c, choice.indicator, choice.year), key="urgent_map")
        return
    p, w = choice.plan, c.words
    bbox = c.warehouse.bounds(p.fits)
    url = (
        several_url(c.warehouse, p.draw_level or "", p.draw_parent or "", choice.year)
        if p.draw_level
        else None
    )
    if url is None or bbox is None or p.draw_level is None or p.draw_parent is None:
        st.info(w("map.no_map"), icon=":material/map:")
        return
    if p.missing_level is not None:
        st.info(w("map.no_polygons", level=w(f"level.{p.missing_level}")), icon=":material/info:")
    key_of = several_key(c, choice)
    layer = AreaLayer(
        url, VALUE, key_of.classes.bounds, colours(key_of.classes, several_entry()), inside=p.inside, focus=p.focus,
        crowded=(p.draw_level, p.draw_parent) == ("subdistrict", COUNTRY), only=c.view.only,
    )  # fmt: skip
    name = "{name_th}" if w.language == "th" else "{name_en}"
    hover = f"<b>{name}</b><br>{w('urgent.several_short')}: <b>{{{VALUE}_t}}</b> %"
    key = f"urgent_several_{c.area.code}_{p.draw_level}"
    with st.container(horizontal=True, vertical_alignment="top", gap="medium", key="urgent_map_panel"):
        with st.container(width="stretch"):
            outline_note(c, p.draw_level)
            st.pydeck_chart(
                deck(layer, bbox, c.theme, hover, mark=c.view.mark),
                key=key,
                height=MAP_HEIGHT,
                on_select=map_opens(key),
                selection_mode="single-object",
                alt=w(
                    "map.alt",
                    indicator=w("urgent.several_name"),
                    area=c.name(c.area),
                    year=year_label(choice.year, w),
                ),
            )
        with st.container(width=230, key="urgent_several_legend"):
            live_legend(
                c,
                w("urgent.several_name"),
                w("urgent.several_unit"),
                key_of.rows,
                key_of.missing,
                key_of.lines,
                w("legend.areas"),
                key="urgent_classes",
            )


@dataclass(frozen=True, slots=True)
class SeveralKey:
    """Classes of the map of persons failing several dimensions, and its legend; alike on screen and on paper.

    Attributes
    ----------
    official : DataFrame
        The areas drawn, as `urgent_state.inside`.
    """

    official: pd.DataFrame
    classes: Classes
    rows: list[LegendRow]
    missing: LegendRow | None
    lines: list[str]


def several_key(c: Context, choice: Choice) -> SeveralKey:
    """The key of a map that is drawn: `choice.plan` has a level and a parent to draw."""
    w, p, entry = c.words, choice.plan, several_entry()
    drawn = inside(
        c.warehouse.snapshot, p.draw_level or p.level, p.inside or p.draw_parent or COUNTRY, choice.year
    )
    official = drawn[drawn["kind"] == "official"]
    classes = classify(official["several_rate"], class_spec(entry, c.view))
    rows, missing = legend_rows(classes, entry, w, c.theme, hidden=bool(official["several_hidden"].any()))
    lines = [
        *outline_lines(c, p.draw_level),
        w("legend.year", year=year_label(choice.year, w), level=w(f"level.{p.draw_level}")),
        w("legend.method", method=w(f"method.{classes.method}"), k=number(classes.k, 0)),
        w("legend.free"),
        several_source(c, choice),
    ]
    return SeveralKey(official, classes, rows, missing, [line for line in lines if line])


def several_entry() -> Indicator:
    """Classes, colours and decimals of the persons failing several dimensions: those of the rate, one digit finer."""
    return replace(indicator("target_poor_rate"), id="several", decimals=3)


def several_source(c: Context, choice: Choice) -> str:
    """Where the overlap of the areas listed comes from; plain text."""
    p = choice.plan
    values = data.values(c.warehouse.snapshot, EXACTLY[1], p.level, choice.year, p.within)
    return source_line(c, values, choice.year)


_TOP = (
    # Between a phone and a desk, map and legend need the width that the list would take.
    "<style>@media(max-width:1100px){.st-key-urgent_top>div>[data-testid=stHorizontalBlock]>[data-testid=stColumn],"
    ".st-key-urgent_top>[data-testid=stHorizontalBlock]>[data-testid=stColumn]{min-width:100%}}"
    ".st-key-urgent_first [data-testid=stButton] button{min-height:24px;padding:0}</style>"
)


def top_panel(c: Context, choice: Choice) -> None:
    """Map and list, the two things to see first."""
    with st.container(key="urgent_top"):
        st.html(_TOP)
        left, right = st.columns([3, 2], gap="medium")
        with left:
            map_panel(c, choice)
            st.caption(c.words("map.keyboard"))
        with right:
            first_list(c, choice)


def first_list(c: Context, choice: Choice) -> None:
    """The few areas that need help first, each with its number and the reason in words, and a way into it."""
    w, table = c.words, choice.table
    level = w(f"level.{choice.plan.level}")
    st.subheader(
        w("urgent.list_heading", level=level, order=order_name(choice.order, choice, w)), anchor=False
    )
    if table["value"].notna().sum() == 0:
        st.info(_nothing(c, choice, level), icon=":material/table_rows:")
        return
    if choice.order == "several" and choice.several_by == "mean":
        st.caption(w("urgent.mean_instead"))
    if not enough(table, choice.order):
        official = table[table["kind"] == "official"]["value"]
        st.caption(w("ranking.partial", n=int(official.notna().sum()), all=len(official)))
    with st.container(gap="xsmall", key="urgent_first"):
        for row in table.head(LISTED).dropna(subset="value").to_dict("records"):
            _first_item(c, choice, row)
    st.caption(w("urgent.list_more"))


def _first_item(c: Context, choice: Choice, row: dict[str, Any]) -> None:
    w, area = c.words, c.warehouse.area(row["area_code"])
    rank = row[f"rank_{choice.order}"]
    place = "" if pd.isna(rank) else f"{number(rank, 0, language=w.language)}. "
    st.button(
        f"**{escape_markdown(place + c.name(area))}**",
        key=f"urgent_open_{area.code}",
        type="tertiary",
        on_click=go,
        kwargs={"area": area.code},
    )
    told = why(row, choice, c.name(c.warehouse.area(choice.plan.within)), w)
    line = escape_markdown(value_text(row, choice, c.warehouse.minimum, w))
    st.markdown(line + (f"  \n:gray[{escape_markdown(told)}]" if told else ""))


def _nothing(c: Context, choice: Choice, level: str) -> str:
    """Why nobody can be ordered, and what would have to come."""
    year = year_label(choice.year, c.words)
    if choice.order == "several" and choice.table["rate"].notna().any():
        return c.words("urgent.several_missing", level=level, year=year)
    return c.words("ranking.empty", level=level, area=escape_markdown(c.name(c.area)), year=year)


def full_table(c: Context, choice: Choice) -> None:
    """Every area in the order with the reason in words; a chosen row opens it."""
    w, level = c.words, choice.plan.level
    if choice.table["value"].notna().sum() == 0:
        return
    # What stands in a closed box is not sent: the reasons of 77 provinces are more than all else on the page.
    box = st.expander(
        w("urgent.table_heading", level=w(f"level.{level}"), order=order_name(choice.order, choice, w)),
        icon=":material/table_rows:",
        on_change="rerun",
        key="urgent_table",
    )
    if box.open:
        with box:
            _full_table(c, choice)


def _full_table(c: Context, choice: Choice) -> None:
    w, table, level = c.words, choice.table, choice.plan.level
    head = table.head(rows_shown(len(table)))
    shown = table_frame(c, choice, head)
    key = f"urgent_rows_{c.area.code}_{level}"
    config = {
        "rank": st.column_config.NumberColumn(w("ranking.rank"), width=60),
        "name": st.column_config.TextColumn(w("ranking.name"), width=150),
        "why": st.column_config.TextColumn(w("urgent.why"), width=560),
        "rate": st.column_config.NumberColumn(w("urgent.by_rate"), format="%.2f"),
        "count": st.column_config.NumberColumn(w("urgent.by_count"), format="localized"),
        "surveyed": st.column_config.NumberColumn(w("ranking.surveyed"), format="localized"),
        "several": st.column_config.NumberColumn(w("urgent.several_persons"), format="localized"),
        "several_rate": st.column_config.NumberColumn(w("urgent.several_short"), format="%.3f"),
        "mean": st.column_config.NumberColumn(w("urgent.by_mean"), format="%.2f"),
        "note": st.column_config.TextColumn(w("ranking.note")),
    }
    st.dataframe(
        pa.Table.from_pandas(shown, preserve_index=False).replace_schema_metadata(None),
        key=key,
        hide_index=True,
        placeholder="–",
        column_config={name: config[name] for name in shown.columns},
        height=min(38 + 35 * len(shown), 480),
        on_select=row_opens(key, head["area_code"]),
        selection_mode="single-row",
        alt=w("urgent.table_alt", area=c.name(c.area), year=year_label(choice.year, w)),
    )
    lines = [w("ranking.select")]
    if len(table) > len(head):
        lines.insert(0, w("ranking.shown", n=len(head), all=f"{len(table):,}"))
    unranked = int((table["value"].notna() & table[f"rank_{choice.order}"].isna()).sum())
    if enough(table, choice.order) and unranked:
        lines.append(w("urgent.small_note", n=unranked, base=MINIMUM_BASE))
    values = data.values(c.warehouse.snapshot, "target_poor_rate", level, choice.year, choice.plan.within)
    _foot(c, choice, values, " · ".join(lines))


def table_frame(c: Context, choice: Choice, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of `Choice.table` as they are shown: rank, name, reason, numbers, and what is special."""
    w = c.words
    above = c.name(c.warehouse.area(choice.plan.within))
    minimum = c.warehouse.minimum
    out = pd.DataFrame(
        {
            "rank": rows[f"rank_{choice.order}"].astype("Int64"),
            "name": [
                display_name(th, en, kind, w)
                for th, en, kind in zip(rows["name_th"], rows["name_en"], rows["kind"], strict=True)
            ],
            "why": [why(row, choice, above, w) for row in rows.to_dict("records")],
            "rate": rows["rate"].round(2),
            "count": rows["count"],
            "surveyed": rows["surveyed"],
        }
    )
    if choice.several_by == "share":
        out["several"], out["several_rate"] = rows["several"], rows["several_rate"].round(3)
    elif choice.several_by == "mean":
        out["mean"] = rows["mean"].round(2)
    areas = {a.code: a for a in c.warehouse.children(choice.plan.within)}
    unit = "persons" if choice.order == "count" else "percent"
    special = notes(rows.assign(suppressed=rows[f"{choice.order}_hidden"], unit=unit), areas, w, minimum)
    special = [
        ", ".join(part for part in (note, w("urgent.small") if few else "") if part)
        for note, few in zip(special, rows["small"], strict=True)
    ]
    if any(special):
        out["note"] = special
    return out


# ------------------------------------------------------------------------------------------------------------
# The area against its parent and the country


def dimensions_panel(c: Context, choice: Choice) -> None:
    """The five dimensions of the area against its parent and the country, furthest above on top."""
    w = c.words
    st.subheader(
        w("urgent.dimensions_heading" if choice.reference else "urgent.dimensions_own"), anchor=False
    )
    if not choice.has(DIMENSION_RATES):
        st.info(_unpublished(c, choice, DIMENSION_RATES), icon=":material/info:")
        return
    labels = [dimension_name(dimension_of(i), w) for i in choice.dimensions["indicator"]]
    _against(c, choice, choice.dimensions, labels, labels, "urgent_dimensions", w("urgent.dimension"))
    lines = (w("urgent.dimensions_help"), _order_note(c, choice), w("urgent.never_add"))
    _foot(c, choice, choice.rows(DIMENSION_RATES), *lines)


def indicators_panel(c: Context, choice: Choice) -> None:
    """The 17 indicators of the area against its parent and the country, of the target poor or of everybody."""
    w = c.words
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.subheader(
            w("urgent.indicators_heading" if choice.reference else "urgent.indicators_own"), anchor=False
        )
        choose(
            st.segmented_control,
            w("urgent.counted"),
            "counted",
            COUNTED,
            lambda who: w(f"urgent.counted_{who}"),
            required=True,
        )
    names = [COUNTED_RATES[c.view.counted].format(n) for n in MPI_INDICATORS]
    if not choice.has(names):
        st.info(_unpublished(c, choice, names), icon=":material/info:")
        return
    rows = choice.indicators(c.view.counted)
    entries = [indicator(name) for name in rows["indicator"]]
    short, full = [], []
    for entry in entries:
        named = load_mpi_indicators()[entry.number or ""]
        short.append(f"{int(named.number)} {w.pick(named.short_th, named.short_en)}")
        full.append(f"{int(named.number)} {w.pick(named.name_th, named.name_en)}")
    _against(c, choice, rows, short, full, "urgent_indicators", w("urgent.indicator"))
    counted = w(f"urgent.counted_{c.view.counted}_help")
    _foot(c, choice, choice.rows(names), counted, _order_note(c, choice))


def _order_note(c: Context, choice: Choice) -> str:
    """By what rates are ordered; plain text, empty where there is nothing above."""
    above = choice.reference
    return c.words("urgent.order_note", parent=c.name(above[0])) if above is not None else ""


def _against(
    c: Context,
    choice: Choice,
    rows: pd.DataFrame,
    labels: Sequence[str],
    full: Sequence[str],
    key: str,
    what: str,
) -> None:
    """The chart of `deprivation`, and the same numbers as a table beside it."""
    w, minimum = c.words, c.warehouse.minimum
    others = [(name, one) for name, one in (("parent", choice.parent), ("country", choice.country)) if one]
    reference = choice.reference
    texts = [
        withheld_text("percent", minimum)
        if hidden
        else percent(rate, w)
        if pd.notna(rate)
        else w("figures.no_data")
        for rate, hidden in zip(rows["rate"], rows["hidden"], strict=True)
    ]
    left, right = st.columns([9, 11], gap="large")
    with left:
        st.plotly_chart(
            against(
                tuple(labels),
                tuple(rows["rate"]),
                tuple((c.name(one[0]), tuple(rows[f"{name}_rate"])) for name, one in others),
                c.name(c.area),
                tuple(texts),
                c.theme,
            ),
            key=f"{key}_{c.area.code}",
            theme=None,
            config={"displayModeBar": False},
            alt=w("urgent.against_alt", what=what, area=c.name(c.area)),
        )
    headings = [what, w("urgent.persons"), w("urgent.of"), "%"]
    headings += [f"{c.name(one[0])} %" for _, one in others]
    if reference is not None:
        headings.append(w("urgent.times", name=c.name(reference[0])))
    lines = []
    for name, row in zip(full, rows.to_dict("records"), strict=True):
        hidden = row["hidden"]
        line = [
            name,
            withheld_text("persons", minimum) if hidden else number(row["count"], 0, language=w.language),
            number(row["denominator"], 0, language=w.language),
            withheld_text("percent", minimum) if hidden else percent(row["rate"], w),
        ]
        line += [
            withheld_text("percent", minimum) if row[f"{other}_hidden"] else percent(row[f"{other}_rate"], w)
            for other, _ in others
        ]
        if reference is not None:
            line.append("–" if pd.isna(row["times"]) else times_text(row["times"], w))
        lines.append(line)
    with right:
        label = w("urgent.against_label", what=what, area=c.name(c.area))
        st.html(table_html(headings, lines, label, c.theme))


def _unpublished(c: Context, choice: Choice, names: Sequence[str]) -> str:
    """What of a breakdown is not published, and in which years it is."""
    w = c.words
    years = sorted({y for name in names for y in c.warehouse.years(name, c.area.level)}, reverse=True)
    level = w(f"level.{c.area.level}")
    if years:
        listed = ", ".join(year_label(y, w) for y in years)
        return w("urgent.other_years", year=year_label(choice.year, w), level=level, years=listed)
    return w("urgent.no_years", level=level)


# ------------------------------------------------------------------------------------------------------------
# Several dimensions at once


def overlap_panel(c: Context, choice: Choice) -> None:
    """Which dimensions are failed together: every combination where the cells are known, else how many dimensions, else bounds."""
    w = c.words
    st.subheader(w("urgent.overlap_heading"), anchor=False)
    if choice.combinations:
        _upset(c, choice)
    elif choice.has(EXACTLY):
        st.info(_without_cells(c, choice), icon=":material/info:")
        _exactly(c, choice)
    else:
        st.info(_without_cells(c, choice), icon=":material/info:")
        mean = choice.value("mean_dimensions")
        if pd.notna(mean):
            low, high = several_bounds(mean)
            st.markdown(
                w(
                    "urgent.bounds",
                    mean=number(mean, 3, language=w.language),
                    low=percent(low, w, 1),
                    high=percent(high, w, 1),
                )
            )
            _foot(c, choice, choice.rows(["mean_dimensions"]))


def _without_cells(c: Context, choice: Choice) -> str:
    """Why there are no combinations: hidden by protection, or files that are not there."""
    sources = list(choice.rows(["target_poor"])["source_id"].dropna())
    protected = bool(sources) and c.warehouse.source(str(sources[0])).get("cells") not in (None, "published")
    key = "urgent.cells_protected" if protected else "urgent.cells_missing"
    return c.words(key, year=year_label(choice.year, c.words))


def _upset(c: Context, choice: Choice) -> None:
    w = c.words
    known = [one for one in choice.combinations if one.persons is not None]
    drawn = known[:MOST_ROWS]

    def text(one) -> str:
        persons = number(one.persons, 0, language=w.language)
        return persons if one.share is None else f"{persons} ({percent(one.share, w, 1)})"

    def sets(one) -> str:
        return " + ".join(dimension_name(d, w) for d in one.dimensions)

    left, right = st.columns([3, 2], gap="large")
    with left:
        st.plotly_chart(
            upset(
                tuple(drawn),
                tuple(w(f"urgent.short_{d}") for d in DIMENSIONS),
                tuple(text(one) for one in drawn),
                c.theme,
            ),
            key=f"urgent_upset_{c.area.code}",
            theme=None,
            config={"displayModeBar": False, "staticPlot": True},
            alt=w("urgent.upset_alt", area=c.name(c.area), n=len(drawn)),
        )
    minimum = c.warehouse.minimum
    rows = [
        [
            sets(one),
            withheld_text("persons", minimum)
            if one.persons is None
            else number(one.persons, 0, language=w.language),
            "*" if one.persons is None else "–" if one.share is None else percent(one.share, w, 2),
        ]
        for one in choice.combinations
    ]
    headings = [w("urgent.set"), w("urgent.persons"), w("urgent.share_of_poor")]
    with right:
        label = w("urgent.sets_label", area=c.name(c.area))
        st.html(table_html(headings, rows[:MOST_ROWS], label, c.theme))
        if len(rows) > MOST_ROWS:
            rest = [one.persons for one in choice.combinations[MOST_ROWS:]]
            known_rest = [n for n in rest if n is not None]
            # With a hidden one among them, the sum of the others would be no sum.
            together = number(sum(known_rest), 0, language=w.language) if len(known_rest) == len(rest) else ""
            box = st.expander(
                w("urgent.upset_rest", n=len(rest), count=together)
                if together
                else w("urgent.upset_more", n=len(rest)),
                on_change="rerun",
                key="urgent_more_sets",
            )
            if box.open:
                with box:
                    st.html(table_html(headings, rows[MOST_ROWS:], label, c.theme))
    hidden = len(choice.combinations) - len(known)
    warned = w("urgent.upset_hidden", n=hidden) if hidden else ""
    _foot(c, choice, choice.rows(CELLS), w("urgent.upset_note"), warned)


def _exactly(c: Context, choice: Choice) -> None:
    w = c.words
    rows = choice.rows(EXACTLY)
    whole = choice.value("target_poor")
    texts = []
    for value, hidden in zip(rows["value"], rows["suppressed"].fillna(False), strict=True):
        if hidden:
            texts.append(withheld_text("persons", c.warehouse.minimum))
        elif pd.isna(value):
            texts.append(w("figures.no_data"))
        else:
            share = f" ({percent(100 * value / whole, w, 1)})" if whole > 0 else ""
            texts.append(number(value, 0, language=w.language) + share)
    labels = tuple(w("urgent.exactly", k=k) for k in range(1, len(DIMENSIONS) + 1))
    st.plotly_chart(
        bars(labels, tuple(rows["value"]), tuple(plain(t) for t in texts), c.theme),
        key=f"urgent_exactly_{c.area.code}",
        theme=None,
        config={"displayModeBar": False, "staticPlot": True},
        alt="; ".join(f"{label} {text}" for label, text in zip(labels, texts, strict=True)),
    )
    _foot(c, choice, rows)


# ------------------------------------------------------------------------------------------------------------
# Small multiples


def multiples_panel(c: Context, choice: Choice) -> None:
    """The five dimensions side by side, the areas inside in the same colours for all five."""
    w, p, snapshot = c.words, choice.plan, c.warehouse.snapshot
    level, parent, within = p.draw_level, p.draw_parent, p.inside or ""
    if (level, parent) == ("subdistrict", COUNTRY):
        level = "province"  # seven thousand outlines in a picture of a hand's width are one dark spot
    st.subheader(w("urgent.multiples_heading", level=w(f"level.{level or p.level}")), anchor=False)
    shapes = drawn_shapes(c.warehouse, level, parent, within) if level and parent else {}
    values = {
        d: data.values(snapshot, f"target_{d}_rate", level, choice.year, within or parent)
        for d in DIMENSIONS
        if level and parent and 0 < len(shapes) <= MOST_AREAS
    }
    if not values:
        st.info(w("map.no_map"), icon=":material/map:")
        return
    if not any(frame["value"].notna().any() or frame["suppressed"].any() for frame in values.values()):
        st.info(
            w("map.no_year", level=w(f"level.{level}"), year=year_label(choice.year, w)),
            icon=":material/map:",
        )
        return
    entry = indicator("target_income_rate")
    spec = class_spec(entry, c.view)
    classes = shared_classes(
        snapshot, level or "", within or parent or "", choice.year, spec.method, spec.k, spec.breaks
    )
    figures = []
    for dimension, frame in values.items():
        name = dimension_name(dimension, w)
        own = choice.value(f"target_{dimension}_rate")
        top = frame.loc[frame["value"].idxmax()] if frame["value"].notna().any() else None
        highest = (
            w("urgent.highest", name=w.pick(top["name_th"], top["name_en"]), rate=percent(top["value"], w))
            if top is not None
            else w("ranking.missing")
        )
        picture = Picture(
            level or "", parent or "", f"target_{dimension}_rate", choice.year, classes.bounds, within,
            p.focus or "", c.theme.name,
        )  # fmt: skip
        value = w("urgent.own_rate", area=c.name(c.area), rate=percent(own, w))
        figures.append(
            Figure(
                address(snapshot, picture),
                name,
                value,
                w("urgent.multiple_alt", dimension=name, highest=highest),
            )
        )
    labels = class_labels(classes, entry, w)
    keys = [Key(label, colour) for label, colour in zip(labels, colours(classes, entry), strict=True)]
    frames = list(values.values())
    if any((frame["value"].isna() & ~frame["suppressed"].astype(bool)).any() for frame in frames):
        keys.append(Key(w("legend.missing"), mark="none"))
    if any(frame["suppressed"].any() for frame in frames):
        keys.append(Key(w("urgent.hidden"), mark="hidden"))
    outline_note(c, level)
    st.html(row_html(figures, keys, w("urgent.multiples_caption"), c.theme))
    _foot(c, choice, pd.concat(frames))


@st.cache_resource(max_entries=64, show_spinner=False)
def shared_classes(
    snapshot: str, level: str, within: str, year: int, method: str, k: int, breaks: tuple[float, ...] | None
) -> Classes:
    """Classes of all five dimensions together, of the areas that can be drawn: one colour, one meaning.

    Parameters
    ----------
    method, k, breaks : str, int, tuple of float or None
        The fields of a `ClassSpec`, apart because a cache key is made of plain values.
    """
    frames = (data.values(snapshot, name, level, year, within) for name in DIMENSION_RATES)
    official = [frame[frame["kind"] == "official"]["value"] for frame in frames]
    return pooled_bounds(official, ClassSpec(method, k, breaks))


# ------------------------------------------------------------------------------------------------------------
# Gaps and method


def gaps_panel(c: Context, level: str) -> None:
    """What no source covers, who has it and how to bring it in."""
    w = c.words
    st.subheader(w("urgent.gaps_heading"), anchor=False)
    headings = [w(f"urgent.gap_{part}") for part in ("what", "status", "who", "how")]
    st.html(table_html(headings, gap_rows(c, level), w("urgent.gaps_heading"), c.theme, text=(0, 1, 2, 3)))
    st.caption(w("urgent.gaps_help"))


def method_panel(c: Context) -> None:
    """How areas are ordered and reasons found, as printed in the downloads too."""
    box = st.expander(
        c.words("urgent.method_heading"), icon=":material/help:", on_change="rerun", key="urgent_method"
    )
    if box.open:
        with box:
            for line in method_lines(c):
                st.markdown(f"- {line}")


def method_lines(c: Context) -> list[str]:
    """The method, one plain sentence a line."""
    names = ("rate", "count", "several", "ties", "small", "hidden", "dimension", "near", "definition")
    return [c.words(f"urgent.method_{name}", base=MINIMUM_BASE, common=f"{COMMON:g}") for name in names]
