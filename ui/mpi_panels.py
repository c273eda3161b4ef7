"""The blocks of the MPI tool: an index under chosen weights and cut-off, beside its own specification."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from analytics.classify import Classes, classify
from analytics.formatting import number
from geo.codes import COUNTRY
from ui.classes import class_spec, colours, legend_rows
from ui.frame import Context, choose, go
from ui.legend import legend_html
from ui.map import MAP_HEIGHT, AreaLayer, deck
from ui.markdown import escape_markdown, markdown_table
from ui.mpi_charts import contributions
from ui.mpi_state import (
    Choice,
    area_shown,
    by_indicator,
    missing_text,
    of_area,
    points,
    share_of,
    sliders,
)
from ui.opening import map_opens, row_opens
from ui.outlines import outline_lines, outline_note
from ui.panels import about_panel
from ui.tables import display_name, ranked, rows_shown, year_label
from warehouse.mpi_layers import VALUE, decimals, measures_of, mpi_url

_CUT = "w_cut"


def measure_name(c: Context, choice: Choice, measure: str) -> str:
    """A measure in words; censored headcounts by their indicator."""
    if measure in ("h", "a", "m0"):
        return c.words(f"mpi.measure_{measure}")
    names = {f"c_{one.id}": one for one in choice.spec.indicators}
    one = names[measure]
    return c.words("mpi.measure_c", name=c.words.pick(one.name_th, one.name_en))


def value_text(c: Context, measure: str, value: float) -> str:
    """A value of `warehouse.mpi_layers.shown` with its unit; what is above zero is never written as zero."""
    places = decimals(measure)
    unit = "" if measure == "m0" else " %"
    if 0 < value < 0.5 * 10.0**-places:
        return "<" + number(10.0**-places, places, language=c.words.language) + unit
    text = number(value, places, language=c.words.language)
    return text if pd.isna(value) else text + unit


def cut_text(c: Context, k: Fraction) -> str:
    """A cut-off in words; 0 is the union."""
    if not k:
        return c.words("mpi.union")
    return c.words("mpi.from_percent", k=number(float(100 * k), 1, language=c.words.language))


def controls(c: Context, choice: Choice) -> None:
    """Which index, year, level and measure."""
    w = c.words
    editions = {e.key: e for e in c.warehouse.mpi.editions}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="mpi_controls"):
        choose(
            st.selectbox, w("mpi.index"), "source", list(editions),
            lambda key: w.pick(editions[key].spec.name_th, editions[key].spec.name_en),
            value=choice.edition.key, width=420, help=w("mpi.index_help"),
        )  # fmt: skip
        years = sorted(choice.edition.years, reverse=True)
        choose(
            st.selectbox, w("year.label"), "year", years, lambda y: year_label(y, w),
            value=choice.question.year, width=140,
        )  # fmt: skip
        choose(
            st.selectbox, w("mpi.measure"), "measure", list(measures_of(choice.spec)),
            lambda m: measure_name(c, choice, m), value=choice.measure, width=330, help=w("mpi.measure_help"),
        )  # fmt: skip
        if len(choice.levels) > 1:
            choose(
                st.segmented_control, w("map.level"), "show", choice.levels, lambda x: w(f"level.{x}"),
                value=choice.question.level, required=True,
            )  # fmt: skip


def notices(c: Context, choice: Choice) -> None:
    """What has to be known before a number is read: whom it counts, what nobody checked, what is made up."""
    w, spec = c.words, choice.edition.spec
    st.badge(w("mpi.computed"), icon=":material/calculate:", color="violet")
    if choice.edition.made_up:
        st.warning(w("mpi.made_up"), icon=":material/science:")
    if choice.moved:
        st.info(w("mpi.moved", level=w(f"level.{choice.question.level}")), icon=":material/info:")
    if choice.strange_weights:
        n, m = len(spec.dimensions), len(spec.indicators)
        st.warning(w("mpi.strange_weights", dimensions=n, indicators=m), icon=":material/report:")
    if c.view.year is not None and c.view.year != choice.question.year:
        st.info(
            w(
                "year.replaced",
                wanted=year_label(c.view.year, w),
                shown=year_label(choice.question.year, w),
            ),
            icon=":material/info:",
        )
    note = w.pick(spec.note_th, spec.note_en)
    if note:
        st.caption(escape_markdown(note))
    if not (spec.verified and spec.weights_verified):
        st.caption(w("mpi.not_verified" if not spec.verified else "mpi.weights_not_verified"))


# -- the sliders ------------------------------------------------------------------------------------------


def _cut_changed() -> None:
    go(cut=int(st.session_state[_CUT]))


def _weights_changed(n: int) -> None:
    chosen = [int(st.session_state[f"w_weight_{i}"]) for i in range(n)]
    if any(chosen):
        go(weights=".".join(map(str, chosen)))


def _reset() -> None:
    go(cut=None, weights="")


def _weights_by(mode: str, now: tuple[int, ...]) -> None:
    if st.session_state["w_weights_by"] == mode:
        return
    go(weights=".".join(map(str, now)))


def settings(c: Context, choice: Choice) -> None:
    """Cut-off and weights as sliders, what they come to, and the way back to the specification."""
    w, spec = c.words, choice.spec
    own = choice.edition.spec
    with st.container(border=True, key="mpi_settings"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            st.session_state[_CUT] = min(100, max(0, round(100 * share_of(spec))))
            st.slider(
                w("mpi.cut"), 0, 100, key=_CUT, on_change=_cut_changed, format="%d %%", width=420,
                help=w("mpi.cut_help"),
            )  # fmt: skip
            if len(own.indicators) > len(own.dimensions):
                detailed = by_indicator(choice)
                # What the other way of setting weights would start from: the same weights.
                parts = own.dimensions if detailed else own.indicators
                now = {one.id: one.weight for one in (spec.dimensions if detailed else spec.indicators)}
                start = points([now[one.id] for one in parts])
                mode = "indicator" if detailed else "dimension"
                st.session_state["w_weights_by"] = mode
                st.segmented_control(
                    w("mpi.weights_by"), ("dimension", "indicator"), key="w_weights_by", required=True,
                    format_func=lambda m: w(f"mpi.by_{m}"), on_change=_weights_by, args=(mode, start),
                )  # fmt: skip
            st.button(
                w("mpi.reset"), icon=":material/restart_alt:", on_click=_reset, disabled=not choice.changed,
                key="mpi_reset",
            )  # fmt: skip
        st.caption(
            w("mpi.cut_now", k=cut_text(c, share_of(spec)), own=cut_text(c, share_of(own))),
        )
        shown = sliders(choice)
        columns = st.columns(min(5, len(shown)), gap="small")
        for i, (one, value) in enumerate(shown):
            key = f"w_weight_{i}"
            st.session_state[key] = value
            with columns[i % len(columns)]:
                st.slider(
                    escape_markdown(w.pick(one.name_th, one.name_en)), 0, 100, key=key,
                    on_change=_weights_changed, args=(len(shown),),
                )  # fmt: skip
        total = sum(value for _, value in shown)
        normalised = "  ·  ".join(
            f"{w.pick(d.name_th, d.name_en)} {number(float(100 * d.weight), 1, language=w.language)} %"
            for d in spec.dimensions
        )
        st.caption(escape_markdown(w("mpi.weights_sum", total=total, weights=normalised)))


# -- what comes out -----------------------------------------------------------------------------------------


def figures(c: Context, choice: Choice) -> None:
    """H, A and M0 of the area looked at, each with what the specification itself gives."""
    w = c.words
    code = area_shown(c, choice)
    now, own = of_area(c, choice, code), of_area(c, choice, code, own=True)
    st.subheader(escape_markdown(c.name(c.warehouse.area(code))), anchor=False)
    if now is None or own is None:
        st.info(w("mpi.no_area"), icon=":material/info:")
        return
    with st.container(horizontal=True, gap="medium", key="mpi_figures"):
        for key, column, scale in (("h", "H", 100.0), ("a", "A", 100.0), ("m0", "M0", 1.0)):
            with st.container(border=True, width="stretch"):
                st.metric(
                    w(f"mpi.measure_{key}"),
                    value_text(c, key, scale * now[column, ""]),
                    help=w(f"mpi.{key}_help"),
                )
                before = value_text(c, key, scale * own[column, ""])
                st.caption(w("mpi.own_value", value=before) if choice.changed else w("mpi.is_own"))
    persons, poor = now["n", ""], now["poor", ""]
    st.caption(
        w(
            "mpi.persons",
            poor=number(poor, 0, language=w.language),
            n=number(persons, 0, language=w.language),
        )
    )
    if gaps := missing_text(c, choice, code):
        st.caption(gaps)


def map_url(c: Context, choice: Choice) -> str | None:
    """Address of the layer of the measure; None where there are no polygons of the areas listed."""
    q = choice.question
    if choice.draw_level != q.level:
        return None
    return mpi_url(c.warehouse, q, choice.measure, choice.draw_parent or COUNTRY)


def map_inside(choice: Choice) -> str | None:
    """The area whose parts are coloured; None colours all."""
    within, parent = choice.question.within, choice.draw_parent or COUNTRY
    return choice.inside if choice.inside is not None else within if within not in (parent, COUNTRY) else None


def map_classes(c: Context, choice: Choice, frame: pd.DataFrame) -> Classes:
    """Classes of the areas drawn; those of the specification's own result unless they are set free."""
    official = frame[frame["kind"] == "official"]
    classes = classify(official["own" if c.view.lock else "value"], class_spec(choice.entry, c.view))
    return classes.recount(official["value"]) if c.view.lock else classes


def map_key(c: Context, choice: Choice, classes: Classes) -> tuple[Any, ...]:
    """What the legend says on the screen and on paper: title, unit, rows, the row of no data, lines, and what comes first."""
    w, entry, q = c.words, choice.entry, choice.question
    rows, missing = legend_rows(classes, entry, w, c.theme)
    lines = [
        w("legend.year", year=year_label(q.year, w), level=w(f"level.{q.level}")),
        w("legend.method", method=w(f"method.{classes.method}"), k=number(classes.k, 0)),
        w("mpi.classes_own" if c.view.lock else "legend.free"),
        w("mpi.legend_own" if not choice.changed else "mpi.legend_changed"),
        source_text(c, choice),
    ]
    strong = [w("mpi.made_up_short")] if choice.edition.made_up else []
    strong += outline_lines(c, q.level)
    title = measure_name(c, choice, choice.measure)
    return title, w.pick(entry.unit_th, entry.unit_en), rows, missing, lines, strong


def map_panel(c: Context, choice: Choice, frame: pd.DataFrame) -> None:
    """The measure on the map; classes stay those of the specification's own result unless they are set free."""
    w, entry, q = c.words, choice.entry, choice.question
    level = w(f"level.{q.level}")
    st.subheader(w("map.heading", level=level), anchor=False)
    parent = choice.draw_parent or COUNTRY
    bbox = c.warehouse.bounds(choice.inside or q.within)
    url = map_url(c, choice)
    if url is None or bbox is None:
        st.info(w("map.no_map"), icon=":material/map:")
        return
    classes = map_classes(c, choice, frame)
    width = {"province": 2, "district": 4, "subdistrict": 6}[q.level]
    focus = c.area.code[:width] if c.area.code != COUNTRY and len(c.area.code) >= width else None
    layer = AreaLayer(
        url, VALUE, classes.bounds, colours(classes, entry), inside=map_inside(choice), focus=focus,
        crowded=(q.level, parent) == ("subdistrict", COUNTRY),
    )  # fmt: skip
    name = "{name_th}" if w.language == "th" else "{name_en}"
    unit = "" if choice.measure == "m0" else " %"
    title = measure_name(c, choice, choice.measure)
    hover = f"<b>{name}</b><br>{w('mpi.in_tooltip')}: <b>{{{VALUE}_t}}</b>{unit}"
    key = f"mpi_map_{q.level}_{q.within}"
    with st.container(horizontal=True, vertical_alignment="top", gap="medium", key="mpi_map_panel"):
        with st.container(width="stretch"):
            outline_note(c, q.level)

            st.pydeck_chart(
                deck(layer, bbox, c.theme, hover, mark=c.view.mark),
                key=key,
                height=MAP_HEIGHT,
                on_select=map_opens(key),
                selection_mode="single-object",
                alt=w("map.alt", indicator=title, area=c.name(c.area), year=year_label(q.year, w)),
            )
        with st.container(width=230, key="mpi_legend"):
            title, unit_text, rows, missing, lines, strong = map_key(c, choice, classes)
            st.html(legend_html(title, unit_text, rows, missing, lines, c.theme, w("legend.areas"), strong))
            st.session_state["w_lock"] = c.view.lock
            st.toggle(w("mpi.lock"), key="w_lock", on_change=lambda: go(lock=st.session_state["w_lock"]))


def source_text(c: Context, choice: Choice) -> str:
    """Source, year and snapshot; plain text."""
    from ui import data

    w = c.words
    source = choice.edition.sources[choice.question.year]
    return w(
        "source.line",
        source=w.pick(*data.source_titles(c.warehouse.snapshot)[source]),
        year=year_label(choice.question.year, w),
        snapshot=c.warehouse.snapshot[:11],
    )


def ranking_panel(c: Context, choice: Choice, frame: pd.DataFrame) -> None:
    """The areas by the measure, the worst first, with the place the specification gives them."""
    w = c.words
    st.subheader(w("ranking.heading", level=w(f"level.{choice.question.level}")), anchor=False)
    if frame["value"].notna().sum() == 0:
        st.info(w("mpi.nobody"), icon=":material/info:")
        return
    rows = ranked(frame, "high")
    before = frame["own"].rank(method="min", ascending=False)
    rows["own_rank"] = rows["area_code"].map(dict(zip(frame["area_code"], before, strict=True)))
    shown = rows.head(rows_shown(len(rows)))
    places = decimals(choice.measure)
    kind = choice.measure.partition("_")[0]
    out = pd.DataFrame(
        {
            "rank": shown["rank"].astype("Int16"),
            "name": [
                display_name(th, en, kind, w)
                for th, en, kind in zip(shown["name_th"], shown["name_en"], shown["kind"], strict=True)
            ],
            "value": shown["value"].round(places).astype("float32"),
        }
    )
    config = {
        "rank": st.column_config.NumberColumn(w("ranking.rank"), width=60),
        "name": st.column_config.TextColumn(w("ranking.name")),
        "value": st.column_config.NumberColumn(w(f"mpi.column_{kind}"), format=f"%.{places}f"),
    }
    if choice.changed:
        out["own"] = shown["own"].round(places).astype("float32")
        out["own_rank"] = shown["own_rank"].astype("Int16")
        config["own"] = st.column_config.NumberColumn(w("mpi.own_column"), format=f"%.{places}f")
        config["own_rank"] = st.column_config.NumberColumn(w("mpi.own_rank"), width=90)
    key = f"mpi_ranking_{choice.question.level}_{choice.question.within}"
    st.dataframe(
        pa.Table.from_pandas(out, preserve_index=False).replace_schema_metadata(None),
        key=key,
        hide_index=True,
        placeholder="–",
        column_config=config,
        height=min(38 + 35 * len(out), 480),
        on_select=row_opens(key, shown["area_code"]),
        selection_mode="single-row",
        alt=w("mpi.ranking_alt", area=c.name(c.area)),
    )
    if len(shown) < len(rows):
        st.caption(w("ranking.shown", n=len(shown), all=f"{len(rows):,}"))
    missing = int(frame[frame["kind"] == "official"]["n"].isna().sum())
    if missing:
        st.caption(w("mpi.left_out", n=missing))
    st.caption(w("ranking.select"))
    st.caption(escape_markdown(source_text(c, choice)))


def contributions_panel(c: Context, choice: Choice) -> None:
    """What makes up M0 of the area looked at: dimensions, or indicators where their weights are set."""
    w, spec = c.words, choice.spec
    st.subheader(w("mpi.contributions"), anchor=False)
    code = area_shown(c, choice)
    now, own = of_area(c, choice, code), of_area(c, choice, code, own=True)
    if now is None or own is None or not now["poor", ""]:
        st.info(w("mpi.nobody"), icon=":material/info:")
        return
    detailed = by_indicator(choice)
    kind = "contribution_percent" if detailed else "dimension_percent"
    ones = spec.indicators if detailed else spec.dimensions
    labels = tuple(w.pick(one.name_th, one.name_en) for one in ones)
    values = tuple(float(now[kind, one.id]) for one in ones)
    marks = tuple(float(own[kind, one.id]) for one in ones) if choice.changed else None
    said = "; ".join(f"{name} {number(v, 1)} %" for name, v in zip(labels, values, strict=True))
    st.plotly_chart(
        contributions(labels, values, marks, (w("mpi.bars_now"), w("mpi.bars_own")), c.theme),
        key=f"mpi_contributions_{code}_{kind}",
        theme=None,
        config={"displayModeBar": False, "staticPlot": True},
        alt=w("mpi.contributions_alt", area=c.name(c.warehouse.area(code))) + " " + said,
    )
    st.caption(w("mpi.contributions_note"))


def about(c: Context, choice: Choice) -> None:
    """What the measure says and how it is got, in a closed box; what stands in one is not sent."""
    box = st.expander(c.words("indicator.about"), icon=":material/help:", on_change="rerun", key="mpi_about")
    if box.open:
        with box:
            about_panel(c, choice.entry)
            spec = choice.edition.spec
            st.markdown(escape_markdown(c.words("mpi.spec_source", source=spec.source)))


# -- where there is nothing to show --------------------------------------------------------------------------


def worked_example(c: Context) -> None:
    """What the tool does, on the four persons of Alkire and Foster, and how numbers come in."""
    from analytics.alkire_foster import count_profiles, measures
    from analytics.mpi_specs import load_spec

    w = c.words
    st.info(w("mpi.nothing"), icon=":material/info:")
    st.markdown(w("mpi.nothing_how"))
    st.subheader(w("mpi.example"), anchor=False)
    spec = load_spec("af_example")
    persons = EXAMPLE
    st.markdown(w("mpi.example_text"))
    headings = [
        w("mpi.example_person"),
        *(w.pick(i.name_th, i.name_en) for i in spec.indicators),
        w("mpi.example_score"),
    ]
    rows = [
        [
            str(n),
            *(
                w("mpi.deprived" if mask >> i & 1 else "mpi.not_deprived")
                for i in range(len(spec.indicators))
            ),
            f"{mask.bit_count()}/{len(spec.indicators)}",
        ]
        for n, mask in enumerate(persons, 1)
    ]
    st.markdown(markdown_table(headings, rows, text=(1, 2, 3, 4)))
    counts = count_profiles(pd.DataFrame({"profile": persons, "missing": 0, "persons": 1, "weight": 1}))
    lines = []
    for k in range(1, len(spec.indicators) + 1):
        found = measures(counts, spec, f"{k}/{len(spec.indicators)}", only=("H", "A", "M0")).set_index(
            "measure"
        )["value"]
        lines.append([str(k), *(number(found[m], 4, language=w.language) for m in ("H", "A", "M0"))])
    st.markdown(markdown_table(["k", "H", "A", "M0"], lines))
    st.caption(escape_markdown(w("mpi.spec_source", source=spec.source)))


EXAMPLE = (0b0000, 0b1010, 0b1111, 0b0010)
"""Profiles of the worked example: bit i is achievement i + 1 below its cut-off."""
