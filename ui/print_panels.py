"""A page's map as a sheet of paper: what is drawn and said, made from the same classes, colours and lines as the screen's.

A page hands over a `PaperMap`, a page of one indicator its `Scene`; words that every sheet has are added here, and `ui.print_map`
draws it. Sheets have the colours of the light theme whatever the screen has.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from analytics.bivariate import places
from analytics.definitions import DefinitionError, definition
from analytics.formatting import number
from geo.codes import COUNTRY
from geo.outlines import EMBEDDED
from ui import data
from ui.classes import colours, legend_rows
from ui.frame import Context
from ui.legend import LegendRow
from ui.links import day_text
from ui.outlines import outline_lines
from ui.overlay_legend import Legend, Row, Square
from ui.palette import LIGHT, RGB, village_classes, village_colour
from ui.panels import layer_address, legend_lines, map_classes
from ui.print_map import HIDDEN, NO_DATA, RING, Areas, Document, Drawn, Paper, Points, Sheet, render
from ui.scene import Scene
from ui.tables import year_label
from warehouse.computed_layers import published_shape, published_shapes
from warehouse.village_layers import UNSURE

GROUND: RGB = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class PaperMap:
    """A map as it is printed.

    Attributes
    ----------
    title : str
        What is shown and of which year; the area's name is put behind it.
    legends : sequence of Legend
        From the top layer to the bottom one.
    drawn : sequence
        The whole drawing from the bottom to the top, as of `framed`.
    fits : str
        Code of the area whose extent the sheet shows.
    level : str or None
        Of the areas drawn; made-up outlines of it are told.
    alt : str
        What the map shows, for those who cannot see it.
    made_up : bool
        Whether anything drawn is modelled or synthetic.
    badges : sequence of str
        More that must not be missed.
    outlined : sequence of str or None
        More kinds of outlines on the map, as `ui.outlines.outline_lines` takes them.
    footer : sequence of str
        Definitions, methods and caveats, above what every sheet says.
    ground : RGB
        Of what nothing is drawn on.
    """

    title: str
    legends: Sequence[Legend]
    drawn: Sequence[Drawn]
    fits: str
    level: str | None
    alt: str
    made_up: bool = False
    badges: Sequence[str] = ()
    outlined: Sequence[str | None] = ()
    footer: Sequence[str] = ()
    ground: RGB = GROUND


def on_light(c: Context) -> Context:
    """The same view in the colours of paper."""
    return replace(c, theme=LIGHT)


# ------------------------------------------------------------------------------------------------------------
# The drawing


def framed(
    c: Context, parts: Sequence[Drawn], *, fill: RGB = LIGHT.outside, edge: RGB = LIGHT.focus
) -> list[Drawn]:
    """A drawing with the provinces as surroundings below it, and the area looked at outlined above."""
    around = published_shapes(c.warehouse, "province", COUNTRY)
    drawn: list[Drawn] = [Areas(around, dict.fromkeys(around, fill), LIGHT.line, 0.15), *parts]
    outlined = c.area.code[:6]
    own = published_shape(c.warehouse, outlined)
    if own is not None:
        drawn.append(Areas({outlined: json.dumps(own)}, None, edge, 0.5))
    return drawn


def crowded(level: str | None, parent: str | None) -> bool:
    """Whether all subdistricts of the country are drawn, whose outlines would hide their colours."""
    return (level, parent) == ("subdistrict", COUNTRY)


def painted(
    c: Context,
    level: str | None,
    parent: str | None,
    values: pd.Series,
    bounds: Sequence[float],
    palette: Sequence[RGB],
    *,
    inside: str | None = None,
    hidden: Collection[str] = (),
    opacity: float = 1.0,
) -> Areas:
    """Areas of a published layer in the classes of one number.

    Parameters
    ----------
    values : Series
        By area code; what is missing is drawn as no data, never in a class.
    bounds, palette : sequences of length k
        Upper bounds of the classes and their colours.
    inside : str, optional
        Code of the parent whose areas are coloured; the others keep the colour of the surroundings.
    hidden : collection of str
        Codes whose numbers are hidden.
    """
    known = values.astype("float64").round(4).dropna()  # as the browser's layer holds them
    at = places(known.to_numpy(dtype=float), tuple(bounds)) if palette else []
    colour = {str(code): palette[i] for code, i in zip(known.index, at, strict=bool(palette))}
    return coloured(c, level, parent, colour, inside=inside, hidden=hidden, opacity=opacity)


def coloured(
    c: Context,
    level: str | None,
    parent: str | None,
    colour: Mapping[str, RGB],
    *,
    missing: RGB = LIGHT.missing,
    line: RGB = LIGHT.line,
    inside: str | None = None,
    hidden: Collection[str] = (),
    opacity: float = 1.0,
) -> Areas:
    """Areas of a published layer in given colours; those without one have no data, and a mark that says so."""
    shapes = published_shapes(c.warehouse, level or "", parent or "")
    shown = [code for code in shapes if inside is None or code.startswith(inside)]
    filled = {code: colour.get(code, missing) for code in shown}
    marks = {code: HIDDEN if code in hidden else NO_DATA for code in shown if code not in colour}
    return Areas(shapes, filled, line, 0.03 if crowded(level, parent) else 0.1, opacity, marks)


def dots(
    found: pd.DataFrame, colour: Sequence[RGB], symbol: str = "circle", *, opacity: float = 1.0
) -> Points:
    """Points of a table with ``longitude`` and ``latitude``; smaller where there are thousands."""
    where = found[["longitude", "latitude"]].to_numpy(dtype=np.float64)
    return Points(where, colour, symbol, 0.9 if len(found) > 2000 else 1.5, opacity)


def village_dots(
    c: Context, found: pd.DataFrame, classes: pd.Series | None, opacity: float = 1.0
) -> list[Points]:
    """Villages in the colours of their classes, or alike without any; rings where it is not sure which village a point is.

    Parameters
    ----------
    found : DataFrame
        As `Villages.points`.
    classes : Series or None
        Class of each in the same order; NaN where nothing is known.
    """
    tint = [village_colour(c.theme)] * len(found)
    if classes is not None:
        of_class = village_classes(c.theme)
        tint = [c.theme.missing if k != k else of_class[int(k)] for k in classes]
    where = found[["longitude", "latitude"]].to_numpy(dtype=np.float64)
    unsure = (found["confidence"] < UNSURE).to_numpy(dtype=bool)
    size = 0.35 if len(found) > 5000 else 0.9
    return [
        Points(where[which], [tint[i] for i in np.flatnonzero(which)], symbol, size, opacity)
        for which, symbol in ((unsure, RING), (~unsure, "circle"))
        if which.any()
    ]


# ------------------------------------------------------------------------------------------------------------
# Legends


def missing_rows(c: Context, missing: LegendRow | None, hidden: int = 0) -> list[Row]:
    """Rows of areas without a class: without data, and apart from them those whose numbers are hidden."""
    if missing is None:
        return []
    none = Row(missing.colour, missing.label, f"{missing.count:,}", NO_DATA)
    if not hidden:
        return [none]
    rows = [Row(missing.colour, c.words("download.hidden"), f"{hidden:,}", HIDDEN)]
    if missing.count > hidden:
        rows.insert(0, replace(none, label=c.words("legend.missing"), count=f"{missing.count - hidden:,}"))
    return rows


def class_legend(
    c: Context,
    title: str,
    unit: str,
    rows: Sequence[LegendRow],
    missing: LegendRow | None,
    notes: Sequence[str],
    strong: Sequence[str] = (),
    *,
    hidden: int = 0,
    symbol: str = "swatch",
) -> Legend:
    """The legend of `ui.legend.legend_html` as it is printed; takes what that takes."""
    body = [Row(row.colour, row.label, f"{row.count:,}", symbol) for row in rows]
    return Legend(title, unit, [*body, *missing_rows(c, missing, hidden)], strong=strong, notes=notes)


def square_legend(
    c: Context,
    title: str,
    colour: Sequence[Sequence[RGB]],
    counts: Sequence[Sequence[int]],
    x_labels: Sequence[str],
    y_labels: Sequence[str],
    x_title: str,
    y_title: str,
    missing: LegendRow | None,
    notes: Sequence[str],
    strong: Sequence[str] = (),
) -> Legend:
    """The legend of `ui.legend.square_html` as it is printed; takes what that takes."""
    texts = [[f"{n:,}" for n in line] for line in counts]
    square = Square(colour, texts, x_labels, y_labels, x_title, y_title)
    return Legend(title, rows=missing_rows(c, missing), square=square, strong=strong, notes=notes)


def hidden_codes(values: pd.DataFrame) -> set[str]:
    """Codes of the areas of `Warehouse.values` whose numbers are hidden."""
    return set(values.loc[values["suppressed"].fillna(False).astype(bool), "area_code"].astype(str))


def definition_lines(c: Context, values: pd.DataFrame) -> list[str]:
    """What was counted, in the words of the definitions that the numbers name."""
    lines = []
    for used in values["definition"].dropna().unique():
        try:
            entry = definition(str(used))
            text = c.words.pick(entry.text_th, entry.text_en)
        except DefinitionError:
            text = str(used)  # nobody has written down what it counts
        lines.append(c.words("download.definition", text=text))
    return lines


def is_made_up(c: Context, sources: Sequence[object]) -> bool:
    """Whether any of these sources is modelled or synthetic."""
    return not data.made_up_sources(c.warehouse.snapshot).isdisjoint(map(str, sources))


# ------------------------------------------------------------------------------------------------------------
# One indicator


def can_print(c: Context, scene: Scene) -> bool:
    """Whether a scene has a map."""
    return (
        scene.plan.draw_level is not None
        and layer_address(c, scene) is not None
        and c.warehouse.bounds(scene.plan.fits) is not None
    )


def scene_map(c: Context, scene: Scene) -> PaperMap:
    """The map of a scene, in the classes that the screen has."""
    c = on_light(c)
    w, p, entry = c.words, scene.plan, scene.indicator
    classes, shared_level = map_classes(c, scene)
    rows, missing = legend_rows(classes, entry, w, c.theme)
    official = scene.drawn[scene.drawn["kind"] == "official"]
    hidden = hidden_codes(official)
    used = scene.drawn["source_id"].dropna().unique()
    made_up = is_made_up(c, used)
    areas = painted(
        c, p.draw_level, p.draw_parent, official.set_index("area_code")["value"], classes.bounds, colours(classes, entry),
        inside=p.inside, hidden=hidden,
    )  # fmt: skip
    legend = class_legend(
        c, w.pick(entry.name_th, entry.name_en), w.pick(entry.unit_th, entry.unit_en), rows, missing,
        legend_lines(c, scene, classes, shared_level), [w("overlay.made_up")] if made_up else [], hidden=len(hidden),
    )  # fmt: skip
    badges = [w("mpi.computed")] if entry.theme == "mpi" else [w("table.badge")] if entry.imported else []
    return PaperMap(
        title=f"{legend.title} · {year_label(scene.year, w)}",
        legends=[legend],
        drawn=framed(c, [areas]),
        fits=p.fits,
        level=p.draw_level,
        alt=w("map.alt", indicator=legend.title, area=c.name(c.area), year=year_label(scene.year, w)),
        made_up=made_up,
        badges=badges,
        footer=definition_lines(c, scene.drawn),
    )


# ------------------------------------------------------------------------------------------------------------
# The sheet


def document(c: Context, m: PaperMap, sheet: Sheet, link: str) -> Document:
    """What is written on the sheet of a map."""
    w = c.words
    today = day_text(date.today(), w.language)
    level = w("overlay.print_level", level=w(f"level.{m.level}")) if m.level else ""
    with_points = any(isinstance(part, Points) for part in m.drawn)
    return Document(
        title=f"{m.title} · {c.name(c.area)}",
        subtitle=" · ".join(part for part in (level, today) if part),
        badges=[
            # Which kind of made-up numbers a layer has stands in its legend; here that there are any.
            *([w("overlay.made_up")] if m.made_up else []),
            *m.badges,
            *outline_lines(c, m.level, *m.outlined),
        ],
        legends=m.legends,
        footer=[
            *m.footer,
            *([w("overlay.straight")] if with_points else []),
            *([w("map.outlines")] if c.warehouse.outline_kind("province") == EMBEDDED else []),
            w(
                "overlay.projection",
                latitude=number(abs(sheet.latitude), 1, language=w.language),
                percent=number(sheet.deviation, 1, language=w.language),
            ),
            w("overlay.no_data_note"),
            w("overlay.snapshot", snapshot=c.warehouse.snapshot, date=today),
        ],
        link=link,
        language=w.language,
        north=w("overlay.north"),
        scale_words=w("overlay.scale"),
        alt=m.alt,
        metre=w("overlay.metre"),
        kilometre=w("overlay.kilometre"),
    )


def sheet_bytes(c: Context, m: PaperMap, paper: Paper, suffix: str, link: str) -> bytes:
    """The sheet of a map as PDF or PNG.

    Raises
    ------
    PrintBusy
        When others are printing.
    """
    bbox = c.warehouse.bounds(m.fits) or c.warehouse.bounds(COUNTRY)
    if bbox is None:  # a snapshot without any polygon; provinces come with every one
        raise ValueError("print: found no boundaries at all, expected those of the provinces at least")
    words = document(c, m, Sheet.fit(bbox, paper.frame), link)
    return render(words, m.drawn, bbox, paper, suffix, ground=m.ground)
