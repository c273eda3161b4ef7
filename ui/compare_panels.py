"""The blocks of the comparison screen; what may be compared is decided by `analytics.comparability`, not here."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analytics.catalogue import load_dimensions
from analytics.formatting import number
from analytics.peers import REGION, Peers
from geo.codes import COUNTRY, Area
from ui import data
from ui.choose_indicator import indicator_controls
from ui.compare_charts import side_bars, side_radar
from ui.compare_state import (
    KEY_FIGURES,
    RADAR,
    Choice,
    Row,
    cells,
    compared,
    neighbours_of,
    peers_of,
    rows,
)
from ui.compare_words import (
    Footnotes,
    cell_text,
    dated,
    gap_text,
    headline,
    named,
    reasons,
)
from ui.frame import Context, choose, go
from ui.markdown import escape_markdown, markdown_table
from ui.panels import year_picker
from ui.state import COMPARED, MOST_BESIDE
from ui.tables import year_label
from ui.texts import Words
from warehouse.peers import facts


def controls(c: Context, choice: Choice) -> None:
    """Areas or years, of which indicator, and who is set beside whom."""
    w = c.words
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="compare_controls"):
        choose(
            st.segmented_control, w("compare.by"), "by", COMPARED, lambda b: w(f"compare.by_{b}"),
            value=choice.by, required=True,
        )  # fmt: skip
        indicator_controls(c, choice.indicator.id, choice.offered)
        if choice.by == "areas":
            year_picker(c, choice.years[::-1], choice.year or 0)
        elif len(choice.sides) == 2:
            for name, side in zip(("y0", "y1"), choice.sides, strict=True):
                choose(
                    st.selectbox, w(f"compare.{name}"), name, choice.years, lambda y: year_label(y, w),
                    value=side.year, width=140,
                )  # fmt: skip
    if choice.by == "areas":
        _area_list(c, choice)


def _area_list(c: Context, choice: Choice) -> None:
    """The list of areas to choose from: those around, those alike and those chosen; any other is found by its name."""
    w = c.words
    whole = c.area.level == "country"
    chosen = [side.area for side in choice.sides if whole or side.area.code != c.area.code]
    nearby = c.warehouse.children(choice.sides[0].area.parent or COUNTRY)
    options = {a.code: a for a in (*nearby, *chosen, *_alike(c, choice)) if whole or a.code != c.area.code}
    codes = sorted(options, key=lambda code: (options[code].parent or "", c.name(options[code])))
    st.session_state["w_others"] = [a.code for a in chosen]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="compare_areas"):
        st.multiselect(
            w("compare.choose_country" if whole else "compare.choose", level=w(f"level.{choice.level}")),
            codes,
            key="w_others",
            format_func=lambda code: _label(c, options[code]),
            max_selections=MOST_BESIDE + whole,
            # "Select all matches" would stand first, where Enter takes it.
            select_all=False,
            filter_mode="contains",
            on_change=_choose_others,
            args=(whole,),
            placeholder=w("compare.choose_hint"),
            width=620,
        )
        if choice.level != "province":
            st.text_input(
                w("compare.find", level=w(f"level.{choice.level}")),
                key="compare_search",
                placeholder=w("frame.search_hint"),
                live=True,
                width=280,
            )
    if choice.level != "province":
        _search_results(c, choice)


def _alike(c: Context, choice: Choice) -> list[Area]:
    """Areas like the one looked at, and those that touch it."""
    if c.area.level == "country":
        return []
    found = peers_of(c.warehouse.snapshot, c.area.code, choice.level)
    codes = [*(found.table["code"] if found is not None else ())]
    codes += neighbours_of(c.warehouse.snapshot, c.area.code, choice.level)
    return [c.warehouse.area(str(code)) for code in codes]


def _label(c: Context, area: Area) -> str:
    """An area's name, with the area it lies in where that is not the same for all."""
    if area.parent in (None, COUNTRY):
        return c.name(area)
    return f"{c.name(area)} ({c.name(c.warehouse.area(area.parent or COUNTRY))})"


def _choose_others(whole: bool) -> None:
    codes = st.session_state["w_others"]
    if whole and codes:
        go(area=codes[0], others=".".join(codes[1:]))
    else:
        go(others=".".join(codes))


def _search_results(c: Context, choice: Choice) -> None:
    w = c.words
    text = st.session_state.get("compare_search", "").strip()
    if not text:
        return
    sides = {side.area.code for side in choice.sides}
    found = [a for a in c.warehouse.search(text, 40) if a.level == choice.level and a.code not in sides][:8]
    if not found:
        level = w(f"level.{choice.level}")
        st.info(
            w("compare.nothing_found", text=escape_markdown(text), level=level), icon=":material/search_off:"
        )
    with st.container(horizontal=True, gap="small", key="compare_found"):
        for area in found:
            _add_button(c, choice, area, f"compare_found_{area.code}")


def _add_button(c: Context, choice: Choice, area: Area, key: str, *, suffix: str = "") -> None:
    """Set an area beside those chosen; in the place of the last one where there is no room."""
    kept = [] if choice.started else [s.area.code for s in choice.sides if s.area.code != c.area.code]
    shown = area.code in {s.area.code for s in choice.sides}
    st.button(
        escape_markdown(_label(c, area) + suffix),
        key=key,
        icon=":material/check:" if shown else ":material/add:",
        disabled=shown and not choice.started,
        on_click=_add,
        args=(tuple(kept[: MOST_BESIDE - 1]), area.code),
        help=c.words("compare.add_help"),
    )


def _add(kept: tuple[str, ...], code: str) -> None:
    st.session_state["compare_search"] = ""
    go(others=".".join((*kept, code)))


def notices(c: Context, choice: Choice, row: Row) -> None:
    """What has to be known before anything is read: what differs, who was left out, how the start was made."""
    w = c.words
    if choice.started:
        other = escape_markdown(choice.sides[-1].name)
        st.info(w(f"compare.started_{choice.started}", other=other), icon=":material/info:")
    if choice.left_out:
        names = ", ".join(c.name(area) for area in choice.left_out)
        st.warning(
            w("compare.left_out", names=escape_markdown(names), level=w(f"level.{choice.level}")),
            icon=":material/layers_clear:",
        )
    if len(choice.sides) < 2:
        st.info(w("compare.one_year" if choice.by == "years" else "compare.alone"), icon=":material/info:")
    if row.verdict.against:
        st.warning(
            w("compare.guard", reasons=escape_markdown(reasons(row.verdict, w))), icon=":material/balance:"
        )
    elif said := named(row.verdict, w, besides=("year",) if choice.by == "years" else ()):
        st.info(w("compare.differs", what=escape_markdown(said)), icon=":material/info:")


def headline_panel(c: Context, choice: Choice, row: Row) -> None:
    """The comparison in one sentence, with where its numbers come from."""
    notes = Footnotes(c)
    notes.mark(row.cells)
    with st.container(border=True, key="compare_headline"):
        st.markdown(f"#### {escape_markdown(headline(c, choice, row))}")
        for line in notes.lines(marked=False):
            st.caption(escape_markdown(line))


def bars_panel(c: Context, choice: Choice, row: Row) -> None:
    """The indicator of every side; where it is a rate or a mean, beside that of the country."""
    w, entry = c.words, row.indicator
    unit = w.pick(entry.unit_th, entry.unit_en)
    st.subheader(f"{w.pick(entry.short_th, entry.short_en)} ({unit})", anchor=False)
    if not row.known:
        st.info(w("compare.no_value"), icon=":material/info:")
        return
    labels = [side.name for side in choice.sides]
    row_cells = list(row.cells)
    places: list[int | None] = list(range(len(labels)))
    if choice.by == "areas" and not entry.summed and choice.year is not None:
        whole = c.warehouse.area(COUNTRY)
        found = cells(c, whole, (entry.id,), choice.year)[entry.id]
        known = [cell for cell in row.cells if cell.standing is not None]
        if found.value is not None and set(compared(entry.id, (*known, found)).against) <= {"level"}:
            labels.append(c.name(whole))
            row_cells.append(found)
            places.append(None)
    texts = [cell_text(cell, entry, w, c.warehouse.minimum) for cell in row_cells]
    if not row.verdict.ok:
        st.caption(w("compare.apart_note"))
    st.plotly_chart(
        side_bars(
            tuple(labels),
            tuple(float("nan") if cell.value is None else cell.value for cell in row_cells),
            tuple(texts),
            tuple(places),
            c.theme,
        ),
        key="compare_bars",
        theme=None,
        config={"displayModeBar": False, "staticPlot": True},
        alt="; ".join(w("compare.item", name=n, value=t) for n, t in zip(labels, texts, strict=True)),
    )


def radar_panel(c: Context, choice: Choice) -> None:
    """The five dimensions of every side on axes of one scale; sides that do not compare have a chart each."""
    w = c.words
    st.subheader(w("compare.heading_radar"), anchor=False)
    found = rows(c, choice, RADAR)
    if not found:
        st.info(w("dimensions.empty"), icon=":material/info:")
        return
    by_dimension = {row.indicator.dimension: row for row in found}
    names = [d for d in load_dimensions() if d in by_dimension]
    series = tuple(
        (place, side.name, tuple(_number(by_dimension[d].cells[place].value) for d in names))
        for place, side in enumerate(choice.sides)
    )
    top = 1.05 * max((v for _, _, values in series for v in values if v == v), default=1.0) or 1.0
    alike = all(row.verdict.ok for row in found)
    axes = tuple(w(f"radar.{d}") for d in names)
    groups = [series] if alike else [(one,) for one in series]
    for column, group in zip(st.columns(len(groups), gap="small"), groups, strict=True):
        with column:
            st.plotly_chart(
                side_radar(axes, group, w("dimensions.radar_unit"), top, c.theme),
                key=f"compare_radar_{group[0][0]}",
                theme=None,
                config={"displayModeBar": False},
                alt=w("compare.radar_alt", sides=", ".join(name for _, name, _ in group)),
            )
    st.caption(w("compare.radar_note" if alike else "compare.radar_apart"))
    years = sorted({cell.year for row in found for cell in row.cells})
    st.caption(w("compare.radar_year", years=", ".join(year_label(year, w) for year in years)))


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def table_panel(c: Context, choice: Choice) -> list[Row]:
    """Key figures of every side, each with a footnote of its source, year and definition."""
    w = c.words
    st.subheader(w("compare.heading_table"), anchor=False)
    found = rows(c, choice, (choice.indicator.id, *KEY_FIGURES))
    if not found:
        st.info(w("compare.no_value"), icon=":material/info:")
        return found
    two = len(choice.sides) == 2
    notes = Footnotes(c)
    lines = []
    for row in found:
        entry = row.indicator
        unit = w.pick(entry.unit_th, entry.unit_en)
        line = [f"{w.pick(entry.short_th, entry.short_en)} ({unit})"]
        line += [cell_text(cell, entry, w, c.warehouse.minimum, unit=False) for cell in row.cells]
        if two:
            line.append(_difference(row, c))
        if choice.by == "areas":
            line.append(_year_of(row, w))
        lines.append([*line, notes.mark(row.cells)])
    headings = [
        w("compare.column_figure"),
        *(side.name for side in choice.sides),
        *([w("compare.column_gap")] if two else []),
        *([w("year.label")] if choice.by == "areas" else []),
        w("compare.column_source"),
    ]
    st.markdown(markdown_table(headings, lines))
    st.caption(w("compare.table_note"))
    for text in notes.lines():
        st.caption(escape_markdown(text))
    return found


def _year_of(row: Row, w: Words) -> str:
    """The one year of a row of areas."""
    sources = [cell.standing.source for cell in row.cells if cell.standing is not None]
    year = row.cells[0].year
    return dated(sources[0], year, w) if sources else year_label(year, w)


def _difference(row: Row, c: Context) -> str:
    """Second minus first with its sign; a dash where one is missing, words where the two do not compare."""
    w, (first, second) = c.words, (cell.value for cell in row.cells)
    if first is None or second is None:
        return "–"
    if not row.verdict.ok:
        return w("years.not_comparable")
    amount = second - first
    if round(amount, row.indicator.decimals) == 0:
        return number(0, row.indicator.decimals, language=w.language)
    return ("+" if amount > 0 else "−") + gap_text(amount, row.indicator, w)


def peers_panel(c: Context, choice: Choice) -> None:
    """The areas most like the one looked at, with the measure, and those that lie beside it."""
    w = c.words
    if choice.by != "areas" or c.area.level == "country":
        return
    st.subheader(w("compare.heading_peers"), anchor=False)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(f"**{w('compare.alike')}**")
        found = peers_of(c.warehouse.snapshot, c.area.code, choice.level)
        if found is None or found.table.empty:
            unknown = found.unknown if found is not None else ()
            what = ", ".join(w(f"compare.fact_{name}") for name in unknown) or w("compare.fact_persons")
            st.info(w("compare.no_peers", what=what), icon=":material/info:")
        else:
            _peer_buttons(c, choice, found)
    with right:
        st.markdown(f"**{w('compare.beside')}**")
        touching = neighbours_of(c.warehouse.snapshot, c.area.code, choice.level)
        if not touching:
            st.info(w("compare.no_neighbours"), icon=":material/info:")
        with st.container(horizontal=True, gap="small", key="compare_neighbours"):
            for code in touching:
                _add_button(c, choice, c.warehouse.area(code), f"compare_beside_{code}")


def _peer_buttons(c: Context, choice: Choice, found: Peers) -> None:
    w = c.words
    with st.container(horizontal=True, gap="small", key="compare_peers"):
        for code, distance in zip(found.table["code"], found.table["distance"], strict=True):
            area = c.warehouse.area(str(code))
            suffix = f" · {number(distance, 2, language=w.language)}"
            _add_button(c, choice, area, f"compare_peer_{code}", suffix=suffix)
    st.caption(w("compare.distance_note", n=found.compared))
    measure = st.expander(
        w("compare.measure"), icon=":material/straighten:", on_change="rerun", key="compare_measure"
    )
    if measure.open:
        with measure:
            _measure(c, choice, found)


def _measure(c: Context, choice: Choice, found: Peers) -> None:
    """The distance as a formula, what went into it with year and source, and what did not."""
    w = c.words
    known = facts(c.warehouse, choice.level)
    titles = data.source_titles(c.warehouse.snapshot)

    def told(name: str) -> str:
        text = w(f"compare.fact_{name}")
        indicator_id = {"persons": "surveyed_persons", "density": "surveyed_persons"}.get(name, name)
        if indicator_id not in known.years:
            return text
        sources = "; ".join(w.pick(*titles[s]) for s in known.sources[indicator_id])
        return f"{text} ({year_label(known.years[indicator_id], w)}, {sources})"

    st.markdown(escape_markdown(w("compare.formula")))
    lines = [w("compare.used", facts="; ".join(told(name) for name in found.used))]
    spread = "; ".join(
        f"{w(f'compare.fact_{name}')} {number(s, 3, language=w.language)}" for name, s in found.spread.items()
    )
    lines.append(w("compare.spread_of", spread=spread))
    if found.unknown:
        facts_unknown = ", ".join(w(f"compare.fact_{name}") for name in found.unknown)
        lines.append(w("compare.unknown_facts", facts=facts_unknown))
    lines += [w(f"compare.absent_{name}") for name in found.absent if name != REGION]
    lines += [
        w("compare.facts_left_out", n=n, fact=w(f"compare.fact_{name}")) for name, n in found.left_out.items()
    ]
    st.markdown("\n".join(f"- {escape_markdown(line)}" for line in lines))
    header = [
        w("ranking.name"), w("compare.distance"), *(w(f"compare.fact_{name}") for name in found.used),
    ]  # fmt: skip
    body = [
        [
            c.name(c.warehouse.area(str(row["code"]))),
            number(row["distance"], 2, language=w.language),
            *(_part(row[name], name, w.language) for name in found.used),
        ]
        for _, row in found.table.iterrows()
    ]
    st.markdown(markdown_table(header, body))


def _part(value: float, name: str, language: str) -> str:
    text = number(value, 0 if name == REGION else 2, language=language)
    return text if name == REGION or pd.isna(value) or value <= 0 else f"+{text}"
