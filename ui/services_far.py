"""Poor and far: an indicator of poverty beside access, as a map of two numbers, a scatter and a list."""

from __future__ import annotations

import numpy as np
import streamlit as st

from analytics.bivariate import density
from analytics.catalogue import indicator
from analytics.classify import Classes
from analytics.formatting import number
from geo.codes import COUNTRY
from ui import data
from ui.charts import Dots, apart, scatter
from ui.frame import Context, choose, go
from ui.legend import LegendRow, square_html
from ui.map import MAP_HEIGHT, PairLayer, deck
from ui.markdown import escape_markdown, markdown_table
from ui.opening import dot_opens, map_opens
from ui.outlines import outline_lines, outline_note
from ui.palette import RGB, bivariate, bivariate_missing
from ui.services_state import Choice, far, far_question
from ui.services_text import kind_name, km_text, measure_name, persons, unit_text
from ui.tables import display_name, year_label
from warehouse.access_layers import PoorAndFar, poor_far_url

WORST = 20
NAMED = 4
MOST_DOTS = 1000


def far_panel(c: Context, choice: Choice) -> None:
    """Poverty beside the measure of the page."""
    w = c.words
    st.subheader(w("services.far_heading"), anchor=False)
    asked = far_question(c, choice)
    if asked is None:
        st.info(w("services.far_none"), icon=":material/info:")
        return
    q, indicators, years = asked
    found = far(c.warehouse.snapshot, *q.reach.arguments, q.measure, q.indicator, q.year, q.level, q.within)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="services_far_controls"):
        choose(
            st.selectbox, w("services.far_indicator"), "ind", indicators,
            lambda i: w.pick(indicator(i).name_th, indicator(i).name_en), value=q.indicator, width=360,
        )  # fmt: skip
        choose(
            st.selectbox, w("year.label"), "year", years[::-1], lambda y: year_label(y, w), value=q.year,
            width=150,
        )  # fmt: skip
    st.caption(w("services.far_text", measure=measure_name(found.measure, choice, w)))
    if found.compared.empty:
        st.info(w("services.far_empty"), icon=":material/info:")
        for line in coverage_lines(c, found):
            st.caption(line)
        return
    left, right = st.columns(2, gap="medium")
    with left:
        _map(c, choice, found)
    with right:
        _scatter(c, choice, found)
    _worst(c, choice, found)


def corner_colours(c: Context, found: PoorAndFar) -> tuple[tuple[RGB, ...], ...]:
    """The square of two numbers with the strongest colour where areas are poorest and worst served."""
    square = bivariate(c.theme, found.cells.y.k, found.cells.x.k)
    return square if found.measure.worse == "high" else tuple(row[::-1] for row in square)


def titles(c: Context, choice: Choice, found: PoorAndFar) -> tuple[str, str]:
    """Of access and of poverty, with units and year."""
    w, q = c.words, found.question
    entry = indicator(q.indicator)
    return (
        f"{measure_name(found.measure, choice, w)} · {unit_text(found.measure, w)}",
        f"{w.pick(entry.short_th, entry.short_en)} ({w.pick(entry.unit_th, entry.unit_en)}) {year_label(q.year, w)}",
    )


def coverage_lines(c: Context, found: PoorAndFar) -> list[str]:
    """How many areas are compared, how many are left out and why, and the source; plain text."""
    w = c.words
    lines = [w("pair.compared", n=f"{len(found.compared):,}", all=f"{len(found.frame):,}")]
    reasons = [w(f"services.left_{reason}", n=f"{n:,}") for reason, n in found.left_out.items()]
    if reasons:
        lines.append(w("pair.left_out", reasons=" · ".join(reasons)))
    names = data.source_titles(c.warehouse.snapshot)
    if found.sources:
        shown = "; ".join(w.pick(*names[s]) for s in found.sources)
        lines.append(
            w(
                "source.line",
                source=shown,
                year=year_label(found.question.year, w),
                snapshot=c.warehouse.snapshot[:11],
            )
        )
    return lines


def _labels(classes: Classes, c: Context) -> list[str]:
    top = max((abs(b) for b in classes.bounds[:-1]), default=0.0)
    decimals = 0 if top >= 100 else 1 if top >= 10 else 2
    shown = [number(b, decimals, language=c.words.language) for b in classes.bounds]
    if len(shown) < 2:
        return shown
    return [*(c.words("pair.low", bound=b) for b in shown[:-1]), c.words("pair.above", bound=shown[-2])]


def _map(c: Context, choice: Choice, found: PoorAndFar) -> None:
    w, q = c.words, found.question
    parent = COUNTRY if q.within == COUNTRY else q.within[:2]
    url = poor_far_url(c.warehouse, q, parent)
    bbox = c.warehouse.bounds(q.within)
    if url is None or bbox is None:
        st.info(w("map.no_map"), icon=":material/map:")
        return
    square, colours = found.cells, corner_colours(c, found)
    focus = c.area.code if c.area.code != q.within and c.area.level == q.level else None
    if focus is None and q.within != parent:
        focus = q.within
    layer = PairLayer(
        url, square.x.bounds, square.y.bounds, colours, bivariate_missing(c.theme), focus,
        crowded=(q.level, parent) == ("subdistrict", COUNTRY),
        # The file is of the whole province; only what the legend counts has a colour.
        inside=None if q.within == parent else q.within,
    )  # fmt: skip
    x_title, y_title = titles(c, choice, found)
    name = "{name_th}" if w.language == "th" else "{name_en}"
    tooltip = f"<b>{name}</b><br>{y_title}: <b>{{y_t}}</b><br>{x_title}: <b>{{x_t}}</b>"
    key = f"services_far_map_{q.level}_{q.within}"

    outline_note(c, q.level)

    st.pydeck_chart(
        deck(layer, bbox, c.theme, tooltip, mark=c.view.mark),
        key=key,
        height=MAP_HEIGHT,
        on_select=map_opens(key),
        selection_mode="single-object",
        alt=w("services.far_alt", rate=y_title, measure=x_title),
    )
    missing = LegendRow(bivariate_missing(c.theme), w("pair.missing"), square.missing)
    st.html(
        square_html(
            colours,
            square.counts,
            _labels(square.x, c),
            _labels(square.y, c),
            x_title,
            y_title,
            missing if square.missing else None,
            [
                *outline_lines(c, q.level),
                w(f"services.far_corner_{found.measure.worse}"),
                w("pair.thirds"),
                *coverage_lines(c, found),
            ],
            c.theme,
            w("pair.cells"),
        )
    )


def _scatter(c: Context, choice: Choice, found: PoorAndFar) -> None:
    w, q = c.words, found.question
    rows = found.compared
    classes = (found.classes["y"] * found.cells.x.k + found.classes["x"]).to_numpy()
    codes, x, y = rows["code"].tolist(), rows["x"].to_numpy(), rows["y"].to_numpy()
    names = [
        display_name(th, en, kind, w)
        for th, en, kind in zip(rows["name_th"], rows["name_en"], rows["kind"], strict=True)
    ]
    place = {code: i for i, code in enumerate(codes)}
    crowd = len(codes) > MOST_DOTS
    own = [place[c.area.code]] if c.area.code in place else []
    named = apart([place[code] for code in found.worst["code"].head(NAMED) if place[code] not in own], x, y)

    def dots(which: list[int], *, labelled: bool) -> Dots:
        return Dots(
            [codes[i] for i in which],
            x[which].tolist(),
            y[which].tolist(),
            classes[which].tolist(),
            [names[i] for i in which] if labelled else [],
        )

    figure = scatter(
        dots([] if crowd else list(range(len(codes))), labelled=len(codes) <= 250),
        density(x, y) if crowd else None,
        dots(named, labelled=True),
        dots(own, labelled=True),
        None,
        [colour for row in corner_colours(c, found) for colour in row],
        None,
        titles(c, choice, found),
        c.theme,
    )
    key = f"services_far_scatter_{q.level}_{q.within}"

    x_title, y_title = titles(c, choice, found)
    st.plotly_chart(
        figure,
        key=key,
        theme=None,
        config={"displayModeBar": False},
        on_select=dot_opens(key),
        selection_mode="points",
        alt=w("pair.scatter_alt", rate=y_title, measure=x_title, n=f"{np.size(x):,}"),
    )
    st.caption(w("pair.scatter_cloud" if crowd else "pair.scatter_note"))


def _worst(c: Context, choice: Choice, found: PoorAndFar) -> None:
    w, q = c.words, found.question
    worst = found.worst
    st.markdown(f"**{w('services.worst_heading')}**")
    if worst.empty:
        st.caption(w("services.worst_none"))
        return
    entry = indicator(q.indicator)
    first = worst.iloc[0]
    st.markdown(
        escape_markdown(
            w(
                "services.worst_says",
                n=f"{len(worst):,}",
                all=f"{len(found.compared):,}",
                level=w(f"level.{q.level}"),
                kind=kind_name(choice, w),
                name=display_name(first["name_th"], first["name_en"], first["kind"], w),
                rate=f"{number(first['y'], entry.decimals, language=w.language)} {w.pick(entry.unit_th, entry.unit_en)}",
                access=f"{number(first['x'], found.measure.decimals, language=w.language)} {unit_text(found.measure, w)}",
            )
        )
    )
    some = worst.head(WORST)
    rows = [
        [
            display_name(row.name_th, row.name_en, row.kind, w) + _around(c, row.code),
            number(row.y, entry.decimals, language=w.language),
            number(row.x, found.measure.decimals, language=w.language),
            number(row.people, 0, language=w.language),
        ]
        for row in some.itertuples()
    ]
    headings = [
        w("ranking.name"),
        f"{w.pick(entry.short_th, entry.short_en)} ({w.pick(entry.unit_th, entry.unit_en)})",
        w(
            f"services.column_{found.measure.column}",
            km=km_text(q.reach.km),
            people=persons(choice.people, w),
        ),
        w("services.people_column"),
    ]
    st.markdown(markdown_table(headings, rows))
    with st.container(horizontal=True, gap="small", key="services_worst_open"):
        for row in some.head(5).itertuples():
            st.button(
                escape_markdown(display_name(row.name_th, row.name_en, row.kind, w)),
                key=f"services_worst_{row.code}",
                on_click=go,
                kwargs={"area": row.code},
                help=w("services.worst_open"),
            )
    if len(worst) > len(some):
        st.caption(w("ranking.shown", n=len(some), all=f"{len(worst):,}"))


def _around(c: Context, code: str) -> str:
    """Where an area lies, behind its name: names repeat over the country."""
    path = c.warehouse.path(code)[1:-1]
    return "".join(f" · {c.words.pick(a.name_th, a.name_en)}" for a in reversed(path))
