"""What light is taken away as: tables and outlines with every measure of the areas drawn, and the map on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from analytics.light_measures import MEASURES
from geo.exchange import FeatureTable
from ui.data import snapshots_with, source_titles
from ui.export import Sheet
from ui.features import area_table, with_facts
from ui.frame import Context
from ui.light_legend import stop_text
from ui.light_map import area_key, class_colours, classes_for, grid_of, picture_key
from ui.light_state import LightScene, Pair, frame_of, one_year, product_of, two_years
from ui.light_text import (
    meaning,
    measure_name,
    period_line,
    persons_line,
    raster_row,
    threshold_line,
    two_years_text,
    unit_text,
    warning_lines,
)
from ui.outlines import outline_lines
from ui.overlay_legend import Legend, Ramp, Row
from ui.palette import LIGHT, OUTLINE, RGB, difference_colours, light_colours
from ui.print_map import Areas, Drawn, Picture
from ui.print_panels import GROUND, PaperMap, class_legend, crowded, framed, on_light, painted
from ui.tables import year_label
from ui.texts import Words
from warehouse.computed_layers import published_shapes
from warehouse.light_images import DIFFERENCE_COLOURS, LIGHT_COLOURS, ImageName, image_bounds, light_image

PAPER_WHITE: RGB = (255, 255, 255)
ONE = tuple(m for m in MEASURES.values() if m.years == 1)
TWO = tuple(m for m in MEASURES.values() if m.years == 2)
YearOf = tuple[str, int]
"""Source id and year (common era)."""


def light_columns(years: Sequence[YearOf], pair: Pair | None) -> list[str]:
    """Columns of the download, the same in both languages: measures of one year carry theirs at the end."""
    columns = ["area_code", "name_th", "name_en", "level"]
    for _, year in years:
        columns += [f"{m.key}_{year}" for m in ONE] + [f"valid_share_{year}"]
    if pair is not None:
        columns += [*(m.key for m in TWO), "low_start", "few_observations"]
    return [*columns, "modelled"]


def light_rows(c: Context, s: LightScene, years: Sequence[YearOf], pair: Pair | None) -> list[list[object]]:
    """Rows of the download in the order of `light_columns`."""
    parts = []
    for source, year in years:
        frame = one_year(c, s, year, source)
        part = pd.DataFrame({m.key: m.of(frame) for m in ONE})
        part["valid_share"] = frame["valid_share"]
        parts.append(part)
    flags: list[pd.Series] = []
    if pair is not None:
        moved = two_years(c, s)
        parts.append(pd.DataFrame({m.key: m.of(moved) for m in TWO}))
        flags = [
            moved[name] if name in moved else pd.Series(False, index=moved.index)
            for name in ("low_start", "few_observations")
        ]
    rows: list[list[object]] = []
    for code in parts[0].index:
        area = c.warehouse.area(str(code))
        row: list[object] = [area.code, area.name_th, area.name_en, area.level]
        for part in parts:
            row += [float(v) for v in part.loc[code]]
        row += [str(bool(flag.get(code, False))).lower() for flag in flags]
        rows.append([*row, str(s.modelled).lower()])
    return rows


def light_notes(c: Context, s: LightScene) -> list[str]:
    """Warnings first, then what each year is made of, and the caveats of the products."""
    w = c.words
    pair = s.choice.pair if s.compared else None
    years = (
        [(s.choice.source, s.choice.year)]
        if pair is None
        else [(pair.source0, pair.y0), (pair.source1, pair.y1)]
    )
    lines = [*warning_lines(c, s), *outline_lines(c)]
    for source, year in years:
        product, row = product_of(source), raster_row(c, source, year)
        mask = row["mask"] if not pd.isna(row["mask"]) else "-"
        lines.append(
            " · ".join(
                (
                    product.name(w.language),
                    period_line(c, source, year),
                    w("light.export.mask", mask=mask),
                    threshold_line(c, source, year),
                    w("light.export.unit", unit=row["unit"]),
                    w("light.export.file", sha256=str(row["sha256"])[:16]),
                )
            )
        )
    if s.level is not None:
        lines.append(persons_line(c, one_year(c, s, years[-1][1], years[-1][0])))
    if pair is not None:
        rule = c.warehouse.lights.rule(s.choice.source, s.choice.year)
        lines.append(w("light.legend.floor", floor=f"{rule.floor:g}"))
    lines.append(w("light.not_poverty"))
    for product in dict.fromkeys((s.product, s.product0)):
        lines += product.caveats(w.language)
    return [*lines, w("light.export.snapshot", snapshot=c.warehouse.snapshot)]


def light_sheets(c: Context, s: LightScene, years: Sequence[YearOf], pair: Pair | None) -> list[Sheet]:
    """Sheets ``data``, ``dictionary`` and ``sources``."""
    facts: list[tuple[str, object]] = []
    for source, year in years:
        facts += [
            (str(name), None if pd.isna(value) else value)
            for name, value in raster_row(c, source, year).items()
        ]
        facts.append(("", ""))
    return [
        Sheet("data", light_columns(years, pair), light_rows(c, s, years, pair), (11, 24, 24, 12, 14)),
        Sheet("dictionary", ("column", "ไทย", "English"), _dictionary(c, s, years, pair), (26, 80, 80)),
        Sheet(
            "sources", ("key", "value"), [*facts, *(("note", line) for line in light_notes(c, s))], (18, 120)
        ),
    ]


def _dictionary(
    c: Context, s: LightScene, years: Sequence[YearOf], pair: Pair | None
) -> list[tuple[str, str, str]]:
    th, en = Words("th"), Words("en")
    floor = c.warehouse.lights.rule(s.choice.source, s.choice.year).floor
    rows = [
        (name, th(f"export.{name}"), en(f"export.{name}")) for name in ("area_code", "name_th", "name_en")
    ]
    measures = [(f"{m.key}_{year}", m, product_of(source)) for source, year in years for m in ONE]
    measures += [(m.key, m, s.product) for m in TWO] if pair is not None else []
    for column, measure, product in measures:
        texts = [
            f"{measure_name(measure, w)} ({unit_text(measure, product, w)}): {meaning(measure, w, floor)}"
            for w in (th, en)
        ]
        rows.append((column, texts[0], texts[1]))
    names = [f"valid_share_{year}" for _, year in years]
    names += ["low_start", "few_observations"] if pair is not None else []
    for column in (*names, "modelled"):
        name = "valid_share" if column.startswith("valid") else column
        key = f"light.export.{name}"
        rows.append((column, th(key), en(key)))
    return rows


def light_table(c: Context, s: LightScene, years: Sequence[YearOf], pair: Pair | None) -> FeatureTable:
    """The areas drawn with every measure, and their outlines."""
    titles = source_titles(c.warehouse.snapshot)
    facts = {
        "year": ";".join(str(year) for _, year in years),
        "source": "; ".join(dict.fromkeys(c.words.pick(*titles[source]) for source, _ in years)),
        "definition": "; ".join(
            f"{period_line(c, source, year)} · {threshold_line(c, source, year)}" for source, year in years
        ),
    }
    columns, rows = with_facts(light_columns(years, pair), light_rows(c, s, years, pair), facts)
    title = c.words("page.night_light.title")
    return area_table(c, "light", title, columns, rows, s.level, s.plan.draw_parent)


def light_paper(c: Context, s: LightScene) -> PaperMap:
    """The map of the mode chosen: areas, a difference, or the picture of the year, also where two are laid side by side."""
    c = on_light(c)
    if s.choice.mode in ("swipe", "closeup"):
        s = replace(s, choice=replace(s.choice, mode="picture"))
    w, p, choice = c.words, s.plan, s.choice
    if choice.mode == "areas":
        measure = choice.measure
        classes = classes_for(c, s, measure)
        colours = class_colours(measure, classes.k, c.theme.name)
        k = area_key(c, s, measure, classes, colours)
        legend = class_legend(c, k.title, k.unit, k.rows, k.missing, k.notes, k.strong)
        values = measure.of(frame_of(c, s, measure))
        parts: list[Drawn] = [
            painted(c, p.draw_level, p.draw_parent, values, classes.bounds, colours, inside=p.inside)
        ]
        drawn, ground = framed(c, parts), GROUND
    else:
        pair = choice.pair if choice.mode == "difference" else None
        key = picture_key(c, s)
        marks = zip(key.scale.position(key.scale.stops).tolist(), key.scale.stops, strict=True)
        ramp = Ramp(key.colours, [(float(at), stop_text(stop, key.scale)) for at, stop in marks])
        legend = Legend(key.title, key.unit, [Row(*key.clear)], ramp=ramp, strong=key.strong, notes=key.notes)
        years = (choice.year,) if pair is None else (pair.y0, pair.y1)
        shades = (
            light_colours(LIGHT_COLOURS)
            if pair is None
            else difference_colours(DIFFERENCE_COLOURS, LIGHT.name)
        )
        ground = key.clear[0]
        name = ImageName(s.product.id, years)
        png = light_image(snapshots_with(c.warehouse.snapshot), c.warehouse.snapshot, name, shades, ground)
        bounds = image_bounds(grid_of(raster_row(c, choice.source, years[-1])))
        shapes = published_shapes(c.warehouse, p.draw_level or "", p.draw_parent or "")
        width = 0.03 if crowded(p.draw_level, p.draw_parent) else 0.1
        picture = [] if png is None else [Picture(png, bounds, c.view.opacity / 100)]
        edge = PAPER_WHITE if pair is None else LIGHT.focus
        drawn = framed(c, [*picture, Areas(shapes, None, OUTLINE, width)], fill=ground, edge=edge)
    shown = two_years_text(choice.pair, w) if choice.two_years and choice.pair else year_label(choice.year, w)
    title = f"{legend.title} · {shown}"
    return PaperMap(
        title=title,
        legends=[legend],
        drawn=drawn,
        fits=p.fits,
        level=p.draw_level,
        alt=w("light.map.alt", what=title, area=c.name(c.area), table=legend.title),
        made_up=s.modelled,
        footer=[w("light.not_poverty")],
        ground=ground,
    )


def can_print_light(c: Context, s: LightScene) -> bool:
    """Whether the mode chosen has a map: two years that may not be compared, or lie on different grids, have none."""
    choice = s.choice
    if s.level is None or c.warehouse.bounds(s.plan.fits) is None or (choice.two_years and not s.compared):
        return False
    apart = (s.comparison is not None and not s.comparison.pixels) or (
        choice.pair is not None and choice.pair.other is not None
    )
    return choice.mode != "difference" or not apart
