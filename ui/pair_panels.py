"""The blocks of the page of poverty and light; numbers come from `warehouse.pairing` and are not worked on here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import streamlit as st

from analytics.association import NOTABLE, Line
from analytics.bivariate import density, places
from analytics.catalogue import indicator
from analytics.classify import Classes
from analytics.clusters import KINDS, LocalClusters, NoResult
from analytics.formatting import number
from geo.codes import COUNTRY
from geo.exchange import FeatureTable
from ui import data, export, pair_export
from ui.charts import Dots, apart, scatter
from ui.downloads import Features, download_buttons, download_place
from ui.features import area_table, with_facts
from ui.frame import Context, choose
from ui.legend import LegendRow, legend_html, square_html
from ui.map import MAP_HEIGHT, KindLayer, PairLayer, deck
from ui.markdown import escape_markdown, markdown_table
from ui.opening import dot_opens, map_opens, row_opens
from ui.outlines import outline_lines, outline_note
from ui.pair_words import (
    correlation_sentence,
    floor_sentence,
    line_sentence,
    moran_sentence,
    table_rows,
    tells,
    why_not,
)
from ui.pairs import Choice
from ui.palette import OUTLINE, RGB, bivariate, bivariate_missing, clusters
from ui.print_map import Areas
from ui.print_panels import (
    PaperMap,
    class_legend,
    coloured,
    framed,
    on_light,
    square_legend,
)
from ui.tables import display_name, year_label
from warehouse.pair_layers import cluster_url, pair_url
from warehouse.pairing import Pair

LISTED = 10
NAMED = 4
MOST_DOTS, MOST_NAMES = 1000, 250  # beyond these a chart would be larger than everything else a rerun sends


def controls(c: Context, choice: Choice) -> None:
    """What is set beside what, of which years, at which level and among whom."""
    w, q = c.words, choice.question

    def title(name: str) -> str:
        entry = indicator(name)
        return w.pick(entry.name_th, entry.name_en)

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="pair_controls"):
        choose(st.selectbox, w("pair.rate"), "ind", choice.rates, title, value=q.y, width=340)
        choose(
            st.selectbox, w("pair.year"), "year", choice.years[::-1], lambda y: year_label(y, w),
            value=q.y_year, width=140,
        )  # fmt: skip
        choose(st.selectbox, w("pair.measure"), "measure", choice.measures, title, value=q.x, width=280)
        choose(
            st.selectbox, w("pair.light_year"), "y1", choice.light_years[::-1], lambda y: year_label(y, w),
            value=q.x_year, width=140,
        )  # fmt: skip
        if len(choice.sources) > 1:
            titles = data.source_titles(c.warehouse.snapshot)
            choose(
                st.selectbox, w("pair.product"), "light", choice.sources, lambda s: w.pick(*titles[s]),
                value=q.x_source, width=300,
            )  # fmt: skip
        if len(choice.levels) > 1:
            choose(
                st.segmented_control, w("map.level"), "show", choice.levels, lambda x: w(f"level.{x}"),
                value=q.level, required=True,
            )  # fmt: skip
        if c.area.level != "country":
            choose(
                st.segmented_control, w("pair.among"), "peers", ("country", "parent"),
                lambda p: w(f"pair.among_{p}"), value="country" if q.within == COUNTRY else "parent", required=True,
            )  # fmt: skip


def warnings(c: Context, choice: Choice, found: Pair) -> None:
    """What has to be known before anything is read: made-up light, years that differ."""
    w, q = c.words, choice.question
    if found.made_up:
        st.warning(w("pair.made_up"), icon=":material/science:")
    if choice.widened:
        area = escape_markdown(c.name(c.warehouse.area(c.area.code[:2])))
        st.info(w("pair.widened", area=area), icon=":material/info:")
    if choice.replaced is not None:
        st.info(
            w("pair.year_replaced", wanted=year_label(choice.replaced, w), shown=year_label(q.x_year, w)),
            icon=":material/info:",
        )
    if choice.years_differ:
        st.info(
            w(
                "pair.years_differ",
                year=year_label(q.y_year, w),
                light_year=year_label(q.x_year, w),
                n=abs(q.y_year - q.x_year),
            ),
            icon=":material/event:",
        )


def scope(c: Context, found: Pair) -> str:
    """What follows a heading where the numbers are of the whole country while the title names a part of it."""
    wider = found.question.within == COUNTRY and c.area.level != "country"
    return f" · {c.words('pair.among_country')}" if wider else ""


def unit_text(name: str, source: str | None, c: Context) -> str:
    """Unit of an indicator; of radiance that of the product, which not all share."""
    entry = indicator(name)
    product = pair_export.product_of(source)
    if entry.unit == "radiance" and product is not None:
        return product.unit
    return c.words.pick(entry.unit_th, entry.unit_en)


def title_line(name: str, year: int, source: str | None, c: Context) -> str:
    """``Rate (%), 2018``."""
    entry = indicator(name)
    w = c.words
    return f"{w.pick(entry.short_th, entry.short_en)} ({unit_text(name, source, c)}) {year_label(year, w)}"


def coverage_lines(found: Pair, c: Context) -> list[str]:
    """How many areas are compared, and how many are left out for which reason."""
    w = c.words
    lines = [w("pair.compared", n=f"{found.association.n:,}", all=f"{len(found.frame):,}")]
    reasons = [w(f"pair.left_{reason}", n=f"{n:,}") for reason, n in found.left_out.items()]
    if reasons:
        lines.append(w("pair.left_out", reasons=" · ".join(reasons)))
    return lines


def source_lines(found: Pair, c: Context) -> list[str]:
    """Sources, years and snapshot, as plain text."""
    titles = data.source_titles(c.warehouse.snapshot)
    w, q = c.words, found.question
    lines = []
    for ids, year in ((found.y_sources, q.y_year), (found.sources, q.x_year)):
        if ids:
            names = "; ".join(w.pick(*titles[s]) for s in ids)
            lines.append(
                w("source.line", source=names, year=year_label(year, w), snapshot=c.warehouse.snapshot[:11])
            )
    if found.made_up:
        lines.append(w("pair.made_up_flag"))
    return list(dict.fromkeys(lines))


def map_panel(c: Context, choice: Choice, found: Pair) -> None:
    """The map of the pair or of one kind of clusters, with its legend."""
    w, q = c.words, choice.question
    st.subheader(w("pair.heading_map", level=w(f"level.{q.level}")) + scope(c, found), anchor=False)
    patterns = ("pair", *pair_export.variables(found))
    choose(
        st.pills, w("pair.pattern"), "pattern", patterns, lambda p: w(f"pair.pattern_{p}"), wrap=True,
        value=pattern_shown(choice, found), required=True,
    )  # fmt: skip
    pattern = pattern_shown(choice, found)
    local = None if pattern == "pair" else found.clusters(pattern)
    if pattern != "pair" and not isinstance(local, LocalClusters):
        st.info(
            why_not(local, w) if isinstance(local, NoResult) else w("pair.moran_no_map"),
            icon=":material/info:",
        )
    bbox = c.warehouse.bounds(choice.fits)
    crowded = (q.level, q.within) == ("subdistrict", COUNTRY)
    name = "{name_th}" if w.language == "th" else "{name_en}"
    tooltip = f"<b>{name}</b><br>" + "<br>".join(
        f"{w.pick(e.short_th, e.short_en)}: <b>{{{key}_t}}</b> {unit_text(e.id, source, c)}"
        for key, e, source in (("y", indicator(q.y), None), ("x", indicator(q.x), q.x_source))
    )
    if isinstance(local, LocalClusters):
        url = cluster_url(c.warehouse, q, pattern)
        layer: PairLayer | KindLayer = KindLayer(url or "", kind_colours(pattern, c), choice.focus, crowded)
        tooltip += f"<br>{w('pair.tooltip_cluster')}: <b>{{k_t}}</b>"
    else:
        url = pair_url(c.warehouse, q)
        layer = PairLayer(
            url or "",
            found.cells.x.bounds,
            found.cells.y.bounds,
            bivariate(c.theme, found.cells.y.k, found.cells.x.k),
            bivariate_missing(c.theme),
            choice.focus,
            crowded,
        )
    if url is None or bbox is None:
        st.info(w("pair.moran_no_map"), icon=":material/map:")
        return
    map_key = f"pair_map_{choice.fits}_{q.level}_{q.within}"

    with st.container(horizontal=True, vertical_alignment="top", gap="medium", key="pair_map_panel"):
        with st.container(width="stretch"):
            outline_note(c, q.level)

            st.pydeck_chart(
                deck(layer, bbox, c.theme, tooltip, mark=c.view.mark),
                key=map_key,
                height=MAP_HEIGHT,
                on_select=map_opens(map_key),
                selection_mode="single-object",
                alt=w(
                    "pair.map_alt",
                    rate=title_line(q.y, q.y_year, None, c),
                    measure=title_line(q.x, q.x_year, q.x_source, c),
                    area=c.name(c.warehouse.area(q.within)),
                ),
            )
        with st.container(width=250, key="pair_legend"):
            if isinstance(local, LocalClusters):
                st.html(cluster_legend(c, found, pattern, local))
            else:
                st.html(pair_legend(c, found))


def pattern_shown(choice: Choice, found: Pair) -> str:
    """What the map shows; of made-up light nothing that would judge a place."""
    allowed = ("pair", *pair_export.variables(found))
    return choice.pattern if choice.pattern in allowed else "pair"


def square_labels(classes: Classes, c: Context) -> list[str]:
    """Bounds of classes as short as a square's edge allows: the last says only what it lies above."""
    top = max((abs(b) for b in classes.bounds[:-1]), default=0.0)
    decimals = 0 if top >= 100 else 1 if top >= 10 else 2 if top >= 0.1 else 4
    shown = [number(b, decimals, language=c.words.language) for b in classes.bounds]
    if len(shown) < 2:
        return shown
    return [*(c.words("pair.low", bound=b) for b in shown[:-1]), c.words("pair.above", bound=shown[-2])]


def pair_legend(c: Context, found: Pair) -> str:
    """The square of the pair."""
    return square_html(*_square_key(c, found), c.theme, c.words("pair.cells"))


def _square_key(c: Context, found: Pair) -> tuple[Any, ...]:
    """What the square says on the screen and on paper, as `square_html` and `square_legend` take it."""
    w, q, square = c.words, found.question, found.cells
    notes = [*outline_lines(c, q.level), w("pair.thirds")]
    for classes, name in ((square.y, q.y), (square.x, q.x)):
        if 0 < classes.k < 3:
            entry = indicator(name)
            notes.append(w("pair.fewer", what=w.pick(entry.short_th, entry.short_en), got=classes.k))
    missing = LegendRow(bivariate_missing(c.theme), w("pair.missing"), square.missing)
    return (
        bivariate(c.theme, square.y.k, square.x.k),
        square.counts,
        square_labels(square.x, c),
        square_labels(square.y, c),
        title_line(q.x, q.x_year, q.x_source, c),
        title_line(q.y, q.y_year, None, c),
        missing if square.missing else None,
        [*notes, *coverage_lines(found, c), *source_lines(found, c)],
    )


def kind_colours(of: str, c: Context) -> tuple[RGB, ...]:
    """Of both, poor among dark is what one expects of the two together, and gets the strong colour."""
    return clusters(c.theme, opposite=of == "both")


def cluster_legend(c: Context, found: Pair, of: str, local: LocalClusters) -> str:
    """The kinds of clusters with their counts."""
    return legend_html(*_cluster_key(c, found, of, local), c.theme, c.words("legend.areas"))


def _cluster_key(c: Context, found: Pair, of: str, local: LocalClusters) -> tuple[Any, ...]:
    """What the legend of clusters says on the screen and on paper, as `legend_html` and `class_legend` take it."""
    w = c.words
    palette = kind_colours(of, c)
    labels = {
        "not_significant": w("pair.kind_none"),
        "no_neighbour": w("pair.kind_island"),
        "no_data": w("pair.missing"),
    }
    rows = [
        LegendRow(palette[i], labels.get(kind) or w(f"pair.kind_{of}_{kind}"), local.counts[i])
        for i, kind in enumerate(KINDS)
        if kind != "no_data"
    ]
    rows = [*rows[1:5], rows[0], *(rows[5:] if rows[5].count else [])]
    missing = LegendRow(palette[-1], labels["no_data"], local.counts[-1]) if local.counts[-1] else None
    notes = [
        *outline_lines(c, found.question.level),
        w("pair.clusters_note", permutations=f"{local.permutations:,}", seed=local.seed),
        w("pair.clusters_ranks"),
        *([] if any(local.counts[1:5]) else [w("pair.clusters_none"), w("pair.clusters_whole")]),
        *coverage_lines(found, c),
        *source_lines(found, c),
    ]
    q = found.question
    unit = title_line(q.y, q.y_year, None, c) + (
        "" if of == "y" else " · " + title_line(q.x, q.x_year, q.x_source, c)
    )
    return w(f"pair.pattern_{of}"), unit, rows, missing, notes


def scatter_panel(c: Context, choice: Choice, found: Pair) -> None:
    """Every area as a dot in the colours of the map; thousands of them as a cloud."""
    w, q, a = c.words, choice.question, found.association
    st.subheader(w("pair.heading_scatter") + scope(c, found), anchor=False)
    if isinstance(a.line, NoResult) and a.n == 0:
        st.info(why_not(a.line, w), icon=":material/info:")
        return
    frame = found.frame
    codes, y = frame["code"].tolist(), frame["y"].to_numpy()
    taking = np.flatnonzero((frame["reason"] == "").to_numpy())
    local = None if (shown := pattern_shown(choice, found)) == "pair" else found.clusters(shown)
    if isinstance(local, LocalClusters):
        colours: Sequence[RGB] = kind_colours(shown, c)
        classes = local.kind.astype(int)
    else:
        square = bivariate(c.theme, found.cells.y.k, found.cells.x.k)
        colours = [colour for row in square for colour in row]
        rows = places(frame["y"].round(4).to_numpy(), found.cells.y.bounds)
        classes = rows * found.cells.x.k + places(frame["x"].round(4).to_numpy(), found.cells.x.bounds)
    crowd = len(taking) > MOST_DOTS
    # Rates end at zero, where hundreds of areas lie: names there would cover one another.
    sides = (NAMED, NAMED // 2 if len(taking) <= MOST_NAMES else 0)
    notable = a.ranked(above=True, limit=sides[0]) + a.ranked(above=False, limit=sides[1])
    notable = [] if found.made_up else apart(notable, a.x, y)
    own = [i for i in taking.tolist() if codes[i] == choice.focus]

    def dots(which: Sequence[int], *, named: bool) -> Dots:
        return Dots(
            [codes[i] for i in which],
            a.x[list(which)].tolist(),
            y[list(which)].tolist(),
            classes[list(which)].tolist(),
            [_name(frame, i, c) for i in which] if named else [],
        )

    whole = [] if crowd else taking.tolist()
    line = None
    if isinstance(a.line, Line) and not found.made_up:
        low, high = float(np.nanmin(a.x)), float(np.nanmax(a.x))
        line = (
            (low, a.line.intercept + a.line.slope * low),
            (high, a.line.intercept + a.line.slope * high),
        )
    figure = scatter(
        dots(whole, named=len(whole) <= MOST_NAMES),
        density(a.x, y) if crowd else None,
        dots([i for i in notable if i not in own], named=True),
        dots(own, named=True),
        line,
        colours,
        _powers(a.x) if a.logarithm else None,
        (
            title_line(q.x, q.x_year, q.x_source, c)
            + (f" · {w('pair.made_up_flag')}" if found.made_up else ""),
            title_line(q.y, q.y_year, None, c),
        ),
        c.theme,
    )
    key = f"pair_scatter_{q.level}_{q.within}"

    st.plotly_chart(
        figure,
        key=key,
        theme=None,
        config={"displayModeBar": False},
        on_select=dot_opens(key),
        selection_mode="points",
        alt=w(
            "pair.scatter_alt",
            rate=title_line(q.y, q.y_year, None, c),
            measure=title_line(q.x, q.x_year, q.x_source, c),
            n=f"{a.n:,}",
        ),
    )
    note = w("pair.scatter_cloud" if crowd else "pair.scatter_note")
    st.caption(note if line is None else f"{note} {w('pair.scatter_line')}")


def _powers(x: np.ndarray) -> tuple[list[float], list[str]]:
    """Places and texts of a logarithmic axis: 0.1, 1, 10, and 0.3 and 3 between them where there is room."""
    low, high = math.floor(float(np.nanmin(x))), math.ceil(float(np.nanmax(x)))
    steps = (1, 3) if high - low <= 4 else (1,)
    values = [step * 10.0**power for power in range(low, high + 1) for step in steps]
    return [math.log10(v) for v in values], [f"{v:,.10g}" for v in values]


def _name(frame: pd.DataFrame, i: int, c: Context) -> str:
    row = frame.iloc[i]
    return display_name(str(row["name_th"]), str(row["name_en"]), str(row["kind"]), c.words)


def statistics_panel(c: Context, found: Pair) -> None:
    """What the numbers say, in words and as a table."""
    w, a = c.words, found.association
    st.subheader(w("pair.heading_says") + scope(c, found), anchor=False)
    entry = indicator(found.question.y)
    if found.made_up:
        st.markdown("- " + w("pair.made_up_numbers"))
    else:
        st.markdown("- " + correlation_sentence(a.spearman, w.pick(entry.short_th, entry.short_en), w))
        if isinstance(a.line, Line) and tells(a.spearman):
            st.markdown("- " + line_sentence(a, w))
    if isinstance(a.spearman, NoResult) and found.made_up:
        st.markdown("- " + why_not(a.spearman, w))
    st.markdown(
        markdown_table(
            [w("pair.column_what"), w("pair.column_value"), w("pair.column_n")],
            table_rows(a, w, made_up=found.made_up),
        )
    )
    st.caption(
        " · ".join(
            part
            for part in (
                None if found.made_up else w("pair.strength_note"),
                floor_sentence(a, w),
                *coverage_lines(found, c),
            )
            if part
        )
    )


def space_panel(c: Context, found: Pair) -> None:
    """Whether alike areas lie together, and whether what light leaves does."""
    w = c.words
    st.subheader(w("pair.heading_space") + scope(c, found), anchor=False)
    for of in pair_export.variables(found):
        st.markdown("- " + moran_sentence(of, found.moran(of), w))
    residual = None if found.made_up else found.moran("residual")
    if residual is not None and not isinstance(residual, NoResult):
        st.caption(w("pair.residual_pattern" if residual.pattern else "pair.residual_chance"))


def residual_panel(c: Context, choice: Choice, found: Pair) -> None:
    """The areas farthest off the line on both sides; a chosen row opens its area."""
    w, a = c.words, found.association
    if found.made_up:  # no list, so the heading is that of the downloads below
        st.subheader(w("pair.heading_downloads"), anchor=False)
        st.info(w("pair.made_up_verdict"), icon=":material/visibility_off:")
        return
    heading = w("ranking.heading", level=w(f"level.{found.question.level}"))
    st.subheader(heading + scope(c, found), anchor=False)
    if isinstance(a.line, NoResult):
        st.info(why_not(a.line, w), icon=":material/info:")
        return
    codes = found.frame["code"].tolist()
    own = codes.index(choice.focus) if choice.focus in codes else None
    shown = False
    for column, above in zip(st.columns(2, gap="large"), (True, False), strict=True):
        with column:
            which = list(a.ranked(above=above, limit=LISTED))
            # The area looked at has its row, if farther down than the ten.
            if own is not None and own not in which and own in a.ranked(above=above, limit=len(codes)):
                which.append(own)
            shown = shown or own in which
            _residual_list(c, found, which, "above" if above else "below", own)
    notes = [
        w("pair.list_note"),
        *([] if tells(a.spearman) else [w("pair.list_weak")]),
        *([w("pair.list_own", area=c.name(c.warehouse.area(str(choice.focus))))] if shown else []),
    ]
    st.caption(escape_markdown(" · ".join(notes)))


def _residual_list(c: Context, found: Pair, which: Sequence[int], side: str, own: int | None) -> None:
    w, q, a = c.words, found.question, found.association
    heading = w("pair.heading_above" if side == "above" else "pair.heading_below")
    st.markdown(f"**{heading}**")
    if not which:
        st.caption(w("pair.list_empty"))
        return
    frame = found.frame
    table = pd.DataFrame(
        {
            "name": [
                ("▸ " if i == own else "") + _name(frame, i, c) + _inside(c, frame["code"].iloc[i])
                for i in which
            ],
            "residual": [round(float(a.residual[i]), 2) for i in which],
            "mark": ["●" if abs(a.deviation[i]) > NOTABLE else "" for i in which],
            "y": [round(float(frame["y"].iloc[i]), 2) for i in which],
            "x": [float(f"{frame['x'].iloc[i]:.3g}") for i in which],
        }
    )
    key = f"pair_{side}_{q.level}_{q.within}_{q.y}_{q.y_year}_{q.x}_{q.x_year}"

    y, x = indicator(q.y), indicator(q.x)
    st.dataframe(
        pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None),
        key=key,
        hide_index=True,
        column_config={
            "name": st.column_config.TextColumn(w("ranking.name"), width=190),
            "residual": st.column_config.NumberColumn(w("pair.residual"), format="%+.2f", width=80),
            "mark": st.column_config.TextColumn("", width=30),
            "y": st.column_config.NumberColumn(w.pick(y.short_th, y.short_en), format="%.2f", width=80),
            "x": st.column_config.NumberColumn(w.pick(x.short_th, x.short_en), format="localized", width=80),
        },
        height=38 + 35 * len(table),
        on_select=row_opens(key, frame["code"].iloc[list(which)]),
        selection_mode="single-row",
        alt=w("pair.list_alt", heading=heading, area=c.name(c.warehouse.area(q.within))),
    )


def _inside(c: Context, code: str) -> str:
    """Where a district or subdistrict lies: names repeat over the country."""
    path = c.warehouse.path(code)[1:-1]
    return f" · {c.words.pick(path[0].name_th, path[0].name_en)}" if path else ""


def caveat_panel(c: Context, found: Pair) -> None:
    """How not to misread it, and how it is worked out."""
    w = c.words
    with st.container(border=True, key="pair_caveats"):
        st.subheader(w("pair.heading_caveats"), anchor=False)
        for line in pair_export.caveats(found, w):
            st.markdown(f"- {line}")
        for line in pair_export.product_caveats(found, w):
            st.markdown(f"- {w('pair.of_product')}: {line}")
    about = st.expander(w("pair.about"), icon=":material/help:", on_change="rerun", key="pair_about")
    if about.open:
        with about:
            st.markdown(w("pair.about_text"))


def pair_areas(c: Context, found: Pair, opacity: float = 1.0) -> Areas:
    """The areas of a pair in the colours of the square, for paper."""
    q, square = found.question, found.cells
    palette = bivariate(c.theme, square.y.k, square.x.k)
    taking = found.frame[found.frame["reason"] == ""]
    rows = places(taking["y"].round(4).to_numpy(dtype=float), square.y.bounds)
    columns = places(taking["x"].round(4).to_numpy(dtype=float), square.x.bounds)
    colour = {str(code): palette[r][k] for code, r, k in zip(taking["code"], rows, columns, strict=True)}
    missing = bivariate_missing(c.theme)
    return coloured(c, q.level, q.within, colour, missing=missing, line=OUTLINE, opacity=opacity)


def pair_paper(c: Context, choice: Choice, found: Pair) -> PaperMap:
    """The map of the pair or of the clusters chosen, as it is printed."""
    c = on_light(c)
    w, q = c.words, found.question
    pattern = pattern_shown(choice, found)
    local = None if pattern == "pair" else found.clusters(pattern)
    titles = (title_line(q.y, q.y_year, None, c), title_line(q.x, q.x_year, q.x_source, c))
    strong = [w("overlay.made_up")] if found.made_up else []
    if isinstance(local, LocalClusters):
        legend = class_legend(c, *_cluster_key(c, found, pattern, local), strong)
        palette, none = kind_colours(pattern, c), KINDS.index("no_data")
        kinds = zip(found.frame["code"], local.kind.tolist(), strict=True)
        colour = {str(code): palette[kind] for code, kind in kinds if kind != none}
        areas = coloured(c, q.level, q.within, colour, missing=palette[none], line=OUTLINE)
    else:
        legend = square_legend(c, w("page.poverty_light.title"), *_square_key(c, found), strong)
        areas = pair_areas(c, found)
    return PaperMap(
        title=("" if local is None else f"{legend.title}: ") + f"{titles[0]} × {titles[1]}",
        legends=[legend],
        drawn=framed(c, [areas]),
        fits=choice.fits,
        level=q.level,
        alt=w("pair.map_alt", rate=titles[0], measure=titles[1], area=c.name(c.warehouse.area(q.within))),
        made_up=found.made_up,
        footer=pair_export.caveats(found, w)[:3],
    )


def pair_table(c: Context, found: Pair) -> FeatureTable:
    """The rows of the CSV with outlines, sources and definition."""
    w, q = c.words, found.question
    titles = data.source_titles(c.warehouse.snapshot)
    of_y = c.warehouse.values(q.y, level=q.level, year=q.y_year, within=q.within)["definition"]
    facts = {
        "source": "; ".join(w.pick(*titles[s]) for s in dict.fromkeys((*found.y_sources, *found.sources))),
        "year": q.y_year,
        "definition": "; ".join(map(str, of_y.dropna().unique())),
    }
    columns, rows = with_facts(pair_export.COLUMNS, pair_export.rows(found), facts)
    reason = columns.index("left_out")
    hidden = [[*row, str(row[reason] == "hidden").lower()] for row in rows]
    title = f"{title_line(q.y, q.y_year, None, c)} × {title_line(q.x, q.x_year, q.x_source, c)}"
    return area_table(c, "pair", title, [*columns, "suppressed"], hidden, q.level, q.within)


def downloads(c: Context, choice: Choice, found: Pair) -> None:
    """The pair as tables with all statistics, seeds and caveats, with its outlines, and on paper."""
    if download_place() is None:
        return
    w, q = c.words, found.question

    def notes() -> list[str]:
        return [*outline_lines(c), *source_lines(found, c), *pair_export.note_lines(found, w)]

    def csv_file() -> bytes:
        return export.csv_bytes(pair_export.COLUMNS, pair_export.rows(found), notes())

    def workbook() -> bytes:
        ids = dict.fromkeys((*found.y_sources, *found.sources))
        facts = [c.warehouse.source(s) for s in ids]
        lines = [
            *outline_lines(c),
            *source_lines(found, c),
            *pair_export.caveats(found, w),
            *pair_export.product_caveats(found, w),
        ]
        return export.xlsx_bytes(pair_export.sheets(found, facts, lines), w("pair.download_title"))

    mapped = c.warehouse.bounds(choice.fits) is not None and pair_url(c.warehouse, q) is not None
    download_buttons(
        c,
        (q.y, str(q.y_year), q.x, str(q.x_year), q.level, q.within),
        csv_file,
        workbook,
        key="pair",
        notes=notes,
        features=[Features(w("page.poverty_light.title"), lambda: pair_table(c, found))] if mapped else [],
        paper=(lambda: pair_paper(c, choice, found)) if mapped else None,
        view=replace(
            c.view, ind=q.y, year=q.y_year, measure=q.x, light=q.x_source or "", y1=q.x_year, show=q.level
        ),
    )
