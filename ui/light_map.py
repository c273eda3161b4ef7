"""The maps of the night light page: the picture of a year, the difference of two, and areas by a measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from analytics.classify import Classes
from analytics.formatting import number
from analytics.light_measures import MEASURES, OPEN_END, Measure, classes_of
from analytics.light_scale import DifferenceScale, LightScale, difference_scale_of, scale_of
from geo.codes import COUNTRY
from geo.nightlight import Grid
from ui.frame import Context
from ui.legend import LegendRow, legend_html
from ui.light_legend import MINUS, scale_html
from ui.light_state import LightScene, frame_of, one_year, table_measure
from ui.light_text import (
    measure_name,
    period_line,
    persons_line,
    raster_row,
    threshold_line,
    two_years_text,
    unit_text,
    warning_lines,
)
from ui.map import MAP_HEIGHT, AreaLayer, deck, raster_layer
from ui.opening import map_opens
from ui.outlines import outline_lines, outline_note
from ui.palette import MAP_GROUNDS, NIGHT_GROUND, RGB, difference_colours, light_colours, ramp
from ui.tables import year_label
from ui.texts import Words
from warehouse.computed_layers import computed_url
from warehouse.light_images import image_bounds, image_url
from warehouse.light_layers import CHANGE, STATISTICS

BBox = tuple[float, float, float, float]


def map_panel(c: Context, s: LightScene) -> None:
    """The map of the mode chosen, with its legend beside it."""
    w, p, choice = c.words, s.plan, s.choice
    if choice.two_years and not s.compared:
        return
    bbox = c.warehouse.bounds(p.fits)
    if s.level is None or bbox is None:
        st.info(w("light.no_boundaries"), icon=":material/map:")
        return
    if p.missing_level is not None:
        st.info(
            w("light.no_areas", level=w(f"level.{p.missing_level}"), shown=w(f"level.{s.level}")),
            icon=":material/info:",
        )
    if choice.mode == "areas":
        _areas(c, s, bbox)
    elif choice.mode == "difference" and s.comparison is not None and not s.comparison.pixels:
        st.info(w("light.warn.pixels"), icon=":material/grid_off:")
    elif choice.mode == "difference" and choice.pair is not None and choice.pair.other is not None:
        # The address of a difference names one product: it would show another pair of years than asked for.
        st.info(w("light.warn.other_product"), icon=":material/compare_arrows:")
    else:
        _picture(c, s, bbox)


def _picture(c: Context, s: LightScene, bbox: BBox) -> None:
    """One picture below the outlines; the tooltip tells the areas' own numbers."""
    choice = s.choice
    pair = choice.pair if choice.mode == "difference" else None
    measure = MEASURES["light_mean"] if pair is None else MEASURES["difference"]
    url = layer_url(c, s, measure)
    if url is None:
        st.info(c.words("light.no_boundaries"), icon=":material/map:")
        return
    years = (choice.year,) if pair is None else (pair.y0, pair.y1)
    picture = raster_layer(
        image_url(c.warehouse.snapshot, s.product.id, years, theme=c.theme.name),
        image_bounds(grid_of(raster_row(c, choice.source, years[-1]))),
        c.view.opacity / 100,
        name="light",
    )
    layer = AreaLayer(url, measure.key, (), (), focus=s.plan.focus, crowded=crowded(s), filled=False)
    what = year_label(choice.year, c.words) if pair is None else two_years_text(pair, c.words)
    with st.container(horizontal=True, vertical_alignment="top", gap="medium", key="light_panel"):
        with st.container(width="stretch"):
            _chart(
                c,
                s,
                layer,
                bbox,
                _tooltip(c, s, (measure, *_beside(measure))),
                what,
                [picture],
                night=pair is None,
            )
        with st.container(width=230, key="light_legend"):
            st.html(picture_legend(c, s))


@dataclass(frozen=True, slots=True)
class PictureKey:
    """What the legend of a picture says, on the screen and on paper; fields as `ui.light_legend.scale_html` takes them."""

    title: str
    unit: str
    scale: LightScale | DifferenceScale
    colours: Sequence[RGB]
    notes: Sequence[str]
    clear: tuple[RGB, str]
    strong: Sequence[str]


def picture_legend(c: Context, s: LightScene) -> str:
    """The legend of a picture, from the scale the picture is made with."""
    k = picture_key(c, s)
    return scale_html(k.title, k.unit, k.scale, k.colours, k.notes, c.theme, k.clear, k.strong)


def picture_key(c: Context, s: LightScene) -> PictureKey:
    """Scale, colours and lines of the picture shown."""
    w, unit = c.words, s.product.unit
    two = s.choice.two_years
    notes = legend_notes(c, s, two=two)
    saturation = s.product.saturation
    if saturation is not None:
        notes.append(w("light.legend.saturated", value=f"{saturation:g}"))
    strong = strong_lines(c, s, two=two)
    notes = [line for line in notes if line not in (*strong, w("light.modelled_short"))]
    if s.choice.mode == "difference":
        ground = MAP_GROUNDS[c.theme.name]  # the ground of the map, that clear cells let through
        return PictureKey(
            w("light.legend.difference"), unit, difference_scale_of(unit), difference_colours(33, c.theme.name),
            [w("light.legend.centred"), *notes], (ground, w("light.legend.clear_both")), strong,
        )  # fmt: skip
    lights = scale_of(unit)
    kind = [w("light.legend.log")] if lights.logarithmic else []
    return PictureKey(
        w("light.legend.picture"), unit, lights, light_colours(32), [*kind, *notes],
        (NIGHT_GROUND, w("light.legend.clear")), strong,
    )  # fmt: skip


def _beside(measure: Measure) -> tuple[Measure, ...]:
    """Measures of the same layer that a tooltip tells too."""
    names = {"light_mean": ("light_sum",), "difference": ("log_ratio", "annual_growth")}
    return tuple(MEASURES[name] for name in names.get(measure.key, ()))


def _areas(c: Context, s: LightScene, bbox: BBox) -> None:
    """Areas coloured by a measure."""
    measure, plan = s.choice.measure, s.plan
    url = layer_url(c, s, measure)
    if url is None:
        st.info(c.words("light.no_boundaries"), icon=":material/map:")
        return
    classes = classes_for(c, s, measure)
    colours = class_colours(measure, classes.k, c.theme.name)
    layer = AreaLayer(
        url, measure.key, classes.bounds, colours, inside=plan.inside, focus=plan.focus, crowded=crowded(s)
    )
    with st.container(horizontal=True, vertical_alignment="top", gap="medium", key="light_panel"):
        with st.container(width="stretch"):
            what = measure_name(measure, c.words)
            _chart(c, s, layer, bbox, _tooltip(c, s, (measure,)), what, [])
        with st.container(width=230, key="light_legend"):
            st.html(_area_legend(c, s, measure, classes, colours))


def _chart(
    c: Context,
    s: LightScene,
    layer: AreaLayer,
    bbox: BBox,
    tooltip: str,
    what: str,
    under: list[object],
    *,
    night: bool = False,
) -> None:
    # One key for all modes: year, opacity and mode change what is drawn and leave the view where it is.
    key = f"light_map_{c.area.code}_{s.plan.draw_level}"

    table = measure_name(table_measure(s), c.words)
    outline_note(c, s.plan.draw_level)

    st.pydeck_chart(
        deck(layer, bbox, c.theme, tooltip, under=under, night=night, mark=c.view.mark),
        key=key,
        height=MAP_HEIGHT,
        on_select=map_opens(key),
        selection_mode="single-object",
        alt=c.words("light.map.alt", what=what, area=c.name(c.area), table=table),
    )


def layer_url(c: Context, s: LightScene, measure: Measure) -> str | None:
    """Address of the layer of a measure for the areas drawn."""
    choice, plan = s.choice, s.plan
    place = (plan.draw_level or "", plan.draw_parent or COUNTRY)
    if measure.years == 1:
        return computed_url(c.warehouse, *place, STATISTICS, choice.source, choice.year, measure.group)
    pair = choice.pair
    if pair is None:
        return None
    other = (pair.other,) if pair.other is not None else ()
    return computed_url(c.warehouse, *place, CHANGE, pair.source1, pair.y0, pair.y1, measure.group, *other)


def crowded(s: LightScene) -> bool:
    """Whether all subdistricts of the country are drawn."""
    return (s.plan.draw_level, s.plan.draw_parent) == ("subdistrict", COUNTRY)


def grid_of(row: pd.Series) -> Grid:
    """The grid of a row of the table of rasters."""
    return Grid(
        int(row["width"]),
        int(row["height"]),
        *(float(row[name]) for name in ("west", "north", "dx", "dy")),
    )


def classes_for(c: Context, s: LightScene, measure: Measure) -> Classes:
    """Classes of a measure over the areas drawn; of one year, made from both, so that a colour keeps its meaning."""
    shown = measure.of(frame_of(c, s, measure))
    if measure.years == 2:
        return classes_of(measure, shown)
    pool = [shown]
    for year in {s.choice.years[0], s.choice.years[-1]} - {s.choice.year}:
        pool.append(measure.of(one_year(c, s, year)))
    return classes_of(measure, pd.concat(pool), shown)


def class_colours(measure: Measure, k: int, theme_name: str) -> tuple[RGB, ...]:
    """One colour a class; what changed on both sides of the ground's colour."""
    if not k:
        return ()
    if measure.classes == "symmetric":
        return difference_colours(k, theme_name)
    return ramp("population", k)


def class_labels(measure: Measure, classes: Classes, words: Words) -> list[str]:
    """What each class says, from the lowest."""
    decimals = measure.decimals

    def show(value: float) -> str:
        # Bounds are round numbers: as many decimals as they have, and no more.
        places = next((n for n in range(5) if round(value, n) == value), decimals)
        return number(value, places, language=words.language).replace("-", MINUS)

    labels = []
    for i, high in enumerate(classes.bounds):
        low = classes.bounds[i - 1] if i else None
        if high == OPEN_END:
            labels.append(
                words("legend.above", low=show(low)) if low is not None else words("light.legend.all")
            )
        elif low is None:
            labels.append(words("light.legend.up_to", high=show(high)))
        else:
            labels.append(words("light.legend.above_to", low=show(low), high=show(high)))
    return labels


@dataclass(frozen=True, slots=True)
class AreaKey:
    """What the legend of areas by a measure says; fields as `ui.legend.legend_html` takes them."""

    title: str
    unit: str
    rows: Sequence[LegendRow]
    missing: LegendRow | None
    notes: Sequence[str]
    strong: Sequence[str]


def _area_legend(
    c: Context, s: LightScene, measure: Measure, classes: Classes, colours: tuple[RGB, ...]
) -> str:
    k = area_key(c, s, measure, classes, colours)
    caption = c.words("light.legend.areas")
    return legend_html(k.title, k.unit, k.rows, k.missing, k.notes, c.theme, caption, k.strong)


def area_key(
    c: Context, s: LightScene, measure: Measure, classes: Classes, colours: tuple[RGB, ...]
) -> AreaKey:
    """Classes and lines of areas by a measure."""
    w = c.words
    labels = class_labels(measure, classes, w)
    rows = [LegendRow(*row) for row in zip(colours, labels, classes.counts, strict=True)]
    missing_key = "light.legend.missing_or_low" if measure.key == "annual_growth" else "legend.missing"
    missing = LegendRow(c.theme.missing, w(missing_key), classes.missing) if classes.missing else None
    key = "light.legend.around_zero" if measure.classes == "symmetric" else "light.legend.both_years"
    notes = [w(key)] if measure.years == 1 or measure.classes == "symmetric" else []
    if measure.key == "per_1000":
        notes.append(persons_line(c, frame_of(c, s, measure)))
    strong = strong_lines(c, s, two=measure.years == 2)
    unsaid = (*strong, w("light.modelled_short"))
    return AreaKey(
        measure_name(measure, w),
        unit_text(measure, s.product, w),
        rows[::-1],
        missing,
        [line for line in (*notes, *legend_notes(c, s, two=measure.years == 2)) if line not in unsaid],
        strong,
    )


def strong_lines(c: Context, s: LightScene, *, two: bool) -> list[str]:
    """What must not be missed on a legend: that light is modelled, and of two years what stands against them."""
    lines = warning_lines(c, s) if two else [c.words("light.modelled")] if s.modelled else []
    return [*lines, *outline_lines(c, s.plan.draw_level)]


def legend_notes(c: Context, s: LightScene, *, two: bool) -> list[str]:
    """What stands on every legend of light: warnings, product, periods, threshold, floor and drift."""
    w, choice = c.words, s.choice
    pair = choice.pair if two else None
    lines = [w("light.modelled_short")] if s.modelled else []
    if pair is None:
        lines += [s.product.name(w.language), period_line(c, choice.source, choice.year)]
        return [*lines, threshold_line(c, choice.source, choice.year)]
    lines += [line for line in warning_lines(c, s) if line != w("light.modelled")]
    for source, year in ((pair.source0, pair.y0), (pair.source1, pair.y1)):
        lines += [period_line(c, source, year)]
    names = dict.fromkeys((s.product.name(w.language), s.product0.name(w.language)))
    return [two_years_text(pair, w), *names, *lines, threshold_line(c, pair.source1, pair.y1, pair)]


def _tooltip(c: Context, s: LightScene, measures: tuple[Measure, ...]) -> str:
    """Tooltip template: the browser fills in the feature's texts and escapes them."""
    name = "{name_th}" if c.words.language == "th" else "{name_en}"
    lines = [
        f"{measure_name(m, c.words)}: <b>{{{m.key}_t}}</b> {unit_text(m, s.product, c.words)}"
        for m in measures
    ]
    return f"<b>{name}</b><br>" + "<br>".join(lines)
