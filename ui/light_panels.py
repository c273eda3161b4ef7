"""What the night light page is made of: controls, warnings, figures, bars, rankings and the table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from analytics.formatting import number, year_text
from analytics.light_measures import MEASURES, Measure
from geo.codes import COUNTRY
from ui import export
from ui.downloads import Features, download_buttons, download_place
from ui.frame import Context, choose, go
from ui.light_charts import transition_bars
from ui.light_export import (
    can_print_light,
    light_columns,
    light_notes,
    light_paper,
    light_rows,
    light_sheets,
    light_table,
)
from ui.light_state import LightScene, frame_of, product_of, table_measure, two_years
from ui.light_text import (
    drift_amount,
    late_starts,
    meaning,
    measure_name,
    persons_line,
    reasons,
    short_name,
    shown,
    two_years_text,
    unit_text,
)
from ui.markdown import escape_markdown
from ui.opening import row_opens
from ui.panels import level_picker
from ui.state import LIGHT_MODES, View
from ui.tables import display_name, rows_shown, year_label

FIGURES = ("light_sum", "light_mean", "light_lit_share", "light_lit_area")
BARS = ("newly_lit", "brighter", "steady", "dimmer", "gone_dark")
LONGEST_RANKING = 10
WHOLE = 0.9
"""An area with data for less of its land than this says so."""


def controls(c: Context, s: LightScene) -> None:
    """Mode, product and level; below them what the mode needs: years, measure, opacity."""
    w, choice = c.words, s.choice
    modes = LIGHT_MODES if choice.pair is not None else ("picture", "areas")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="light_controls"):
        # Pills wrap where the screen is narrow.
        choose(
            st.pills,
            w("light.control.mode"),
            "mode",
            modes,
            lambda m: w(f"light.mode.{m}"),
            value=choice.mode,
            required=True,
            wrap=True,
            help=w("light.control.mode_help"),
        )
        level_picker(c, "light_mean")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="light_choices"):
        if len(choice.sources) > 1:
            choose(
                st.selectbox,
                w("light.control.source"),
                "light",
                choice.sources,
                lambda x: product_of(x).name(w.language),
                value=choice.source,
                width=360,
                help=w("light.control.source_help"),
            )
        if choice.mode == "areas":
            choose(
                st.selectbox,
                w("light.control.measure"),
                "measure",
                [m.key for m in MEASURES.values() if m.years == 1 or choice.pair is not None],
                lambda m: measure_name(MEASURES[m], w),
                value=choice.measure.key,
                width=300,
                help=w("light.control.measure_help"),
            )
        if choice.two_years:
            _pair_controls(c, s)
        else:
            years = choice.years
            choose(
                st.segmented_control if len(years) <= 6 else st.selectbox,
                w("light.control.year"),
                "y1",
                years,
                lambda y: year_label(y, w),
                value=choice.year,
                help=w("light.control.year_help"),
                **({"required": True} if len(years) <= 6 else {"width": 150}),
            )
        if choice.mode in ("picture", "difference"):
            choose(
                st.select_slider,
                w("light.control.opacity"),
                "opacity",
                _opacities(c.view.opacity),
                lambda n: f"{n}%",
                width=240,
                help=w("light.control.opacity_help"),
            )


def _opacities(now: int) -> list[int]:
    """Steps of five, and the one a link asks for."""
    return sorted({*range(0, 101, 5), now})


def _pair_controls(c: Context, s: LightScene) -> None:
    w, choice, pair = c.words, s.choice, s.choice.pair
    if pair is None:
        return
    earlier = [y for y in c.warehouse.lights.years(pair.source0) if y < pair.y1]
    label = lambda y: year_label(y, w)  # noqa: E731
    choose(
        st.selectbox,
        w("light.control.y0"),
        "y0",
        earlier,
        label,
        value=pair.y0,
        width=150,
        help=w("light.control.y0_help"),
    )
    choose(
        st.selectbox,
        w("light.control.y1"),
        "y1",
        choice.years,
        label,
        value=pair.y1,
        width=150,
        help=w("light.control.y1_help"),
    )
    if len(choice.sources) > 1:
        others = [x for x in choice.sources if x != choice.source]
        choose(
            st.selectbox,
            w("light.control.source2"),
            "light2",
            ["", *others],
            lambda x: product_of(x).name(w.language) if x else w("light.control.same"),
            value=pair.other or "",
            width=360,
            help=w("light.control.source2_help"),
        )


def warnings(c: Context, s: LightScene) -> None:
    """What a reader must know before anything else, and the switch that compares all the same."""
    w, choice = c.words, s.choice
    if s.modelled:
        st.warning(w("light.modelled"), icon=":material/science:")
    if choice.wanted is not None:
        st.info(
            w("light.year_replaced", wanted=year_label(choice.wanted, w), shown=year_label(choice.year, w)),
            icon=":material/info:",
        )
    if choice.pair is None:
        st.info(w("light.one_year"), icon=":material/info:")
    against = reasons(c, s)
    if against and choice.two_years:
        key = "light.warn.anyway" if s.compared else "light.warn.refused"
        st.warning(w(key, reason=escape_markdown(" ".join(against))), icon=":material/warning:")
        if s.product.unit == s.product0.unit:  # two units never compare
            st.session_state["w_anyway"] = c.view.anyway
            st.toggle(
                w("light.control.anyway"),
                key="w_anyway",
                help=w("light.control.anyway_help"),
                on_change=lambda: go(anyway=st.session_state["w_anyway"]),
            )
    if choice.two_years and s.compared and s.comparison is not None and s.comparison.notes:
        told = " ".join(w.pick(th, en) for th, en in s.comparison.notes)
        st.info(escape_markdown(told), icon=":material/calendar_month:")
    if choice.two_years and (drift := drift_amount(c, s)) is not None:
        st.info(w("light.warn.drift", drift=drift, unit=s.product.unit), icon=":material/show_chart:")


def figures(c: Context, s: LightScene) -> None:
    """Sum, mean, lit share and lit land of the area looked at, with the earlier year beneath."""
    w, pair = c.words, s.choice.pair
    year = pair.y1 if s.choice.two_years and pair is not None else s.choice.year
    now = own_figures(c, s.choice.source, year)
    if now is None:
        st.info(w("light.no_area_figures"), icon=":material/info:")
        return
    before = None
    other = pair.y0 if pair is not None else year
    if pair is not None and s.compared:
        # The other year of the pair, always: a line that comes and goes would move the map below it.
        first = year == pair.y0 and s.choice.source == pair.source0
        other = pair.y1 if first else pair.y0
        before = own_figures(c, pair.source1 if first else pair.source0, other)
    with st.container(horizontal=True, gap="medium", key="light_figures"):
        for name in FIGURES:
            measure = MEASURES[name]
            with st.container(border=True, width="stretch", height="stretch"):
                # Only the sign of per cent is short enough to stand at the number itself on a phone.
                percent = measure.unit == "percent"
                sign = " %" if percent else ""
                st.metric(
                    w(f"light.figures.{name}"),
                    shown(measure, float(now[measure.column]) * measure.factor, w) + sign,
                    help=meaning(measure, w, 0.0),
                )
                unit = "" if percent else f" · {unit_text(measure, s.product, w)}"
                st.caption(f"{year_label(year, w)}{unit}")
                line = "\u00a0"
                if not s.product.masked:
                    # Plain sums and shares of a product with background rise with it: no other year beside them.
                    line = w("light.figures.background")
                elif before is not None and pair is not None:
                    value = shown(measure, float(before[measure.column]) * measure.factor, w) + sign
                    line = w("light.figures.before", year=year_label(other, w), value=value)
                st.caption(line)


def own_figures(c: Context, source: str, year: int) -> pd.Series | None:
    """`Lights.statistics` of the area itself; None where it has no polygon."""
    frame = c.warehouse.lights.statistics(source, year, c.area.level, c.area.code)
    return frame.loc[c.area.code] if c.area.code in frame.index else None


def transitions(c: Context, s: LightScene) -> None:
    """Land by what became of its light between the two years, in the area looked at."""
    w, pair = c.words, s.choice.pair
    if pair is None or not s.compared:
        return
    st.subheader(w("light.transition.heading"), anchor=False)
    km2 = c.warehouse.lights.transitions(pair.source1, pair.y0, pair.y1, c.area.code, other=pair.other)
    if km2 is None or not float(km2.sum()) > 0:
        st.info(w("light.no_area_figures"), icon=":material/info:")
        return
    total = float(km2.sum())
    texts = {
        kind: w(
            "light.transition.bar",
            km2=number(float(km2[kind]), 0 if km2[kind] >= 1000 else 1, language=w.language),
            share=_share(float(km2[kind]), total),
        )
        for kind in km2.index
    }
    labels = tuple(w(f"light.transition.{kind}") for kind in BARS)
    st.plotly_chart(
        transition_bars(
            BARS, labels, tuple(float(km2[k]) for k in BARS), tuple(texts[k] for k in BARS), c.theme
        ),
        key=f"light_transitions_{c.area.code}",
        theme=None,
        config={"displayModeBar": False, "staticPlot": True},
        alt=w(
            "light.transition.alt",
            area=c.name(c.area),
            y0=year_label(pair.y0, w),
            y1=year_label(pair.y1, w),
        )
        + ": "
        + "; ".join(f"{label} {texts[kind]}" for label, kind in zip(labels, BARS, strict=True)),
    )
    rest = " · ".join(
        f"{w(f'light.transition.{kind}')} {texts[kind]}" for kind in ("dark", "no_data") if km2[kind] > 0
    )
    rule = c.warehouse.lights.compared_rule(pair.source1, pair.y0, pair.y1, other=pair.other)
    st.caption(rest)
    st.caption(
        w(
            "light.transition.note",
            relative=number(100 * rule.relative, 0, language=w.language),
            absolute=f"{rule.absolute:g}",
            threshold=f"{rule.threshold:.3g}",
            unit=s.product.unit,
        )
    )


def _share(part: float, total: float) -> str:
    share = 100 * part / total
    return f"{share:.1f}%" if share >= 0.05 or part == 0 else "<0.1%"


def ranking_measure(s: LightScene) -> Measure:
    """The measure gains and losses are ranked by: that of the map where it is one of two years."""
    return (
        s.choice.measure
        if s.choice.mode == "areas" and s.choice.measure.years == 2
        else MEASURES["difference"]
    )


def gains_and_losses(c: Context, s: LightScene) -> None:
    """The areas drawn with the largest gains and losses; never by a percentage of next to nothing."""
    w, pair = c.words, s.choice.pair
    if pair is None or not s.compared or s.level is None:
        return
    if s.modelled:
        st.subheader(w("light.ranking.heading"), anchor=False)
        st.info(w("light.ranking.made_up"), icon=":material/science:")
        return
    measure = ranking_measure(s)
    if measure.classes != "symmetric":
        return
    st.subheader(f"{w('light.ranking.heading')}{_elsewhere(c, s)}", anchor=False)
    frame = two_years(c, s)
    values = measure.of(frame)
    st.caption(
        w(
            "light.ranking.measure",
            measure=measure_name(measure, w),
            unit=unit_text(measure, s.product, w),
        )
    )
    sides = st.columns(2, gap="large")
    for side, direction in zip(sides, ("up", "down"), strict=True):
        moved = values[values > 0] if direction == "up" else values[values < 0]
        found = moved.sort_values(ascending=direction == "down", kind="stable").head(LONGEST_RANKING)
        with side:
            st.markdown(f"**{w(f'light.ranking.{direction}')}**")
            if found.empty:
                st.caption(w(f"light.ranking.none_{direction}"))
                continue
            _area_table(
                c,
                found,
                frame.loc[found.index],
                area_notes(c, s, frame.loc[found.index]),
                measure,
                s,
                key=f"light_{direction}_{c.area.code}_{s.level}_{measure.key}",
            )
    if measure.key == "annual_growth":
        low = int(frame["low_start"].sum())
        if low:
            st.caption(w("light.ranking.low_count", n=number(low, 0, language=w.language)))


def _elsewhere(c: Context, s: LightScene) -> str:
    """After a heading: the land a list is of, where it is not the area of the title."""
    if s.within == c.area.code:
        return ""
    if s.within == COUNTRY:
        return f" · {c.words('light.ranking.country')}"
    return f" · {escape_markdown(c.name(c.warehouse.area(s.within)))}"


def area_notes(c: Context, s: LightScene, frame: pd.DataFrame) -> dict[str, str]:
    """What is special about areas: chosen, little light at first, seldom seen, data for a part only."""
    w = c.words
    out: dict[str, str] = {}
    for code, row in frame.iterrows():
        parts = [w("light.ranking.own")] if code == s.plan.focus else []
        parts += [
            w(f"light.ranking.{flag}")
            for flag in ("low_start", "few_observations")
            if bool(row.get(flag, False))
        ]
        share = row.get("valid_share", 1.0)
        if "no_data" in row.index and row["area_km2"] > 0:
            share = 1 - row["no_data"] / row["area_km2"]
        if share < WHOLE:
            parts.append(w("light.ranking.partial", share=number(100 * share, 0, language=w.language)))
        if parts:
            out[str(code)] = ", ".join(parts)
    return out


def _number_column(title: str, decimals: int) -> Any:
    """A column of numbers with thousands separators and this many decimals; the step is what says how many."""
    return st.column_config.NumberColumn(title, format="localized", step=10.0**-decimals if decimals else 1)


def _area_table(
    c: Context,
    values: pd.Series,
    frame: pd.DataFrame,
    notes: dict[str, str],
    measure: Measure,
    s: LightScene,
    *,
    key: str,
) -> None:
    """A list of areas with a measure of theirs; a chosen row opens its area."""
    w = c.words
    codes = [str(code) for code in values.index]
    areas = [c.warehouse.area(code) for code in codes]
    table: dict[str, Any] = {}
    config: dict[str, Any] = {}
    if not s.modelled:
        # Ties share a rank, and an area without a value has none.
        order = values.abs() if measure.classes == "symmetric" else values
        table["rank"] = order.rank(method="min", ascending=False).astype("Int64").array
        config["rank"] = st.column_config.NumberColumn(w("ranking.rank"), width=55)
    table |= {
        "name": [
            ("▸ " if a.code == s.plan.focus else "") + display_name(a.name_th, a.name_en, a.kind, w)
            for a in areas
        ],
        "value": values.round(measure.decimals).to_numpy(),
    }
    config |= {
        "name": st.column_config.TextColumn(w("ranking.name"), width=180),
        "value": _number_column(unit_text(measure, s.product, w), measure.decimals),
    }
    pair = s.choice.pair
    if measure.years == 2 and pair is not None:
        for column, year in (("before", pair.y0), ("after", pair.y1)):
            table[column] = frame[column].round(1).to_numpy()
            title = f"{short_name(MEASURES['light_sum'], w)} {year_text(year, w.language)}"
            config[column] = _number_column(title, 1)
    if any(code in notes for code in codes):
        table["note"] = [notes.get(code, "") for code in codes]
        config["note"] = st.column_config.TextColumn(w("ranking.note"))

    sent = pa.Table.from_pandas(pd.DataFrame(table), preserve_index=False).replace_schema_metadata(None)
    st.dataframe(
        sent,
        key=key,
        hide_index=True,
        placeholder="–",
        column_config=config,
        height=min(38 + 35 * len(codes), 480),
        on_select=row_opens(key, codes),
        selection_mode="single-row",
        alt=w(
            "ranking.alt",
            indicator=measure_name(measure, w),
            area=c.name(c.area),
            year=year_label(s.choice.year, w),
        ),
    )


def table(c: Context, s: LightScene) -> None:
    """The measure of the map for every area drawn, and the downloads."""
    w, choice = c.words, s.choice
    if s.level is None:
        st.info(w("light.no_boundaries"), icon=":material/info:")
        return
    measure = table_measure(s)
    year = choice.pair.y1 if choice.two_years and choice.pair is not None else choice.year
    # Places are not put in order by numbers that were made up.
    heading = "light.values_heading" if s.modelled else "ranking.heading"
    st.subheader(w(heading, level=w(f"level.{s.level}")) + _elsewhere(c, s), anchor=False)
    if s.within != c.area.code and s.plan.missing_level is not None:
        # The map says so too, but not in every mode, and far above.
        st.info(
            w(
                "light.ranking.wider",
                area=escape_markdown(c.name(c.area)),
                level=w(f"level.{s.plan.missing_level}"),
            ),
            icon=":material/info:",
        )
    when = year_label(year, w)
    if measure.years == 2 and choice.pair is not None:
        when = two_years_text(choice.pair, w)
    if s.modelled:
        # The flag above the map is out of sight here, and a table is what people copy.
        st.warning(w("light.modelled"), icon=":material/science:")
    st.caption(f"{measure_name(measure, w)} · {when} · {meaning(measure, w, floor(c, s))}")
    frame = frame_of(c, s, measure, year)
    if measure.key == "per_1000":
        st.caption(persons_line(c, frame))
    values = measure.of(frame)
    by_value = values.sort_values(ascending=False, kind="stable", na_position="last")
    values = values.sort_index() if s.modelled else by_value
    limit = rows_shown(len(values))
    _area_table(
        c,
        values.head(limit),
        frame.loc[values.index[:limit]],
        area_notes(c, s, frame.loc[values.index[:limit]]),
        measure,
        s,
        key=f"light_table_{c.area.code}_{s.level}_{measure.key}",
    )
    line = w("ranking.select")
    if len(values) > limit:
        line = w("ranking.shown", n=limit, all=f"{len(values):,}") + " · " + line
    st.caption(line)
    downloads(c, s)


def floor(c: Context, s: LightScene) -> float:
    """The floor of the log ratio."""
    return c.warehouse.lights.rule(s.choice.source, s.choice.year).floor


def downloads(c: Context, s: LightScene) -> None:
    """All measures of the areas drawn as tables and with their outlines, and the map on paper."""
    if s.level is None or download_place() is None:
        return
    pair = s.choice.pair if s.compared else None
    years = (
        [(s.choice.source, s.choice.year)]
        if pair is None
        else [(pair.source0, pair.y0), (pair.source1, pair.y1)]
    )

    def csv_file() -> bytes:
        columns = light_columns(years, pair)
        return export.csv_bytes(columns, light_rows(c, s, years, pair), light_notes(c, s))

    def workbook() -> bytes:
        return export.xlsx_bytes(light_sheets(c, s, years, pair), c.words("page.night_light.title"))

    stem = ("light", s.level, c.area.code, "-".join(str(y) for _, y in years))
    download_buttons(
        c,
        stem,
        csv_file,
        workbook,
        key="light",
        notes=lambda: light_notes(c, s),
        features=[Features(c.words("page.night_light.title"), lambda: light_table(c, s, years, pair))],
        paper=(lambda: light_paper(c, s)) if can_print_light(c, s) else None,
        view=exact_view(c, s),
    )


def exact_view(c: Context, s: LightScene) -> View:
    """The view with product, years and measure named."""
    choice, pair = s.choice, s.choice.pair
    if choice.two_years and pair is not None:
        named = replace(c.view, light2=pair.other or "", y0=pair.y0, y1=pair.y1)
    else:
        named = replace(c.view, y1=choice.year)
    return replace(named, light=choice.source, measure=choice.measure.key)


CAVEATS = ("not_poverty", "led", "zero", "months", "sensors", "use")


def caveats(c: Context, s: LightScene) -> None:
    """What light cannot say, in plain words, with the product's own caveats."""
    w = c.words
    with st.container(border=True, key="light_caveats"):
        st.subheader(w("light.caveats.heading"), anchor=False)
        lines = [w("light.not_poverty")]
        for name in CAVEATS[1:]:
            lines += late_starts(c, s) if name == "months" else [w(f"light.caveats.{name}")]
        st.markdown("\n".join(f"- {line}" for line in lines))
        for product in dict.fromkeys((s.product, s.product0)):
            st.markdown(f"**{w('light.caveats.product')}** {escape_markdown(product.name(w.language))}")
            st.markdown("\n".join(f"- {escape_markdown(line)}" for line in product.caveats(w.language)))
