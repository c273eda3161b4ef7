"""What each layer of the overlay map is: its numbers, legend and source, how the screen draws it and how paper does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from analytics.catalogue import Indicator, indicator, load_catalogue
from analytics.light_scale import scale_of
from analytics.services import UNKNOWN, load_services
from geo.codes import COUNTRY
from geo.nightlight import Product
from ui import data
from ui.classes import colours, legend_rows
from ui.frame import Context
from ui.legend import LegendRow
from ui.light_map import grid_of
from ui.light_state import product_of
from ui.light_text import period_line, raster_row, threshold_line
from ui.map import (
    AreaLayer,
    PairLayer,
    PointColours,
    cluster_layer,
    outline_layer,
    point_layer,
    raster_layer,
)
from ui.outlines import outline_lines
from ui.overlay_legend import Legend, Ramp, Row, Square
from ui.overlay_state import READY_MADE, Layer, Layers, parse_layers
from ui.pair_panels import pair_areas, square_labels, title_line
from ui.palette import (
    LIGHT,
    RGB,
    bivariate,
    bivariate_missing,
    grade_colours,
    light_colours,
    village_classes,
    village_colour,
)
from ui.panels import legend_lines, map_classes, source_line, tooltip
from ui.plan import Plan
from ui.print_map import SYMBOLS, Areas, Drawn, Picture
from ui.print_panels import (
    crowded,
    dots,
    framed,
    hidden_codes,
    is_made_up,
    missing_rows,
    on_light,
    painted,
    village_dots,
)
from ui.scene import Scene, compose, map_indicator, page_year, plan_of, year_choices
from ui.tables import year_label
from warehouse.access_layers import Reach
from warehouse.computed_layers import published_shapes
from warehouse.light_images import LIGHT_COLOURS, ImageName, image_bounds, image_url, light_image
from warehouse.neet import neet_sources
from warehouse.neet_layers import neet_url
from warehouse.pair_layers import pair_url
from warehouse.pairing import Pair, Question, pair
from warehouse.place_layers import place_url
from warehouse.village_layers import UNSURE, class_words, village_url
from warehouse.villages import LEVEL, Round

NEET = "neet_rate"
"""The one indicator whose sources never share a map: a layer shows one of them."""
POINT_SIZES = {"village": 2.6, "place": 4.6}  # pixels on the screen; a third of it in millimetres on paper
_OUTLINES = {"province": 1.4, "district": 0.9, "subdistrict": 0.5}  # pixels


@dataclass(frozen=True, slots=True)
class Shown:
    """One layer, looked up in the snapshot.

    Attributes
    ----------
    layer : Layer
        With everything it left open filled in: indicator, years, source.
    title : str
        Plain text; sources and names in it are data.
    legend : Legend
    fault : str
        Why nothing of it is drawn; empty where it is.
    cure : str
        The command that would bring it in; for the screen, never for paper.
    made_up : bool
        Whether its numbers are modelled or synthetic.
    years, second_years : tuple of int
        To choose from, newest first.
    sources : tuple of str
        Source ids to choose from.
    used : tuple of str
        Source ids of what is shown.
    areas : AreaLayer or PairLayer or None
        Where it colours areas.
    tip : str
        Template of its areas' tooltip.
    chart : callable or None
        Makes the map's layer where it is drawn above or below the areas.
    paper : callable
        Makes what is printed, from the bottom to the top.
    scene, pair : Scene or None, Pair or None
        Numbers of the areas.
    measures : tuple of str
        What villages may be coloured by.
    survey : Round or None
        That their classes come from.
    rounds : tuple of Round
        Surveys to choose from, newest first.
    """

    layer: Layer
    title: str
    legend: Legend
    fault: str = ""
    cure: str = ""
    made_up: bool = False
    years: tuple[int, ...] = ()
    second_years: tuple[int, ...] = ()
    sources: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    areas: AreaLayer | PairLayer | None = None
    tip: str = ""
    chart: Callable[[bool], object] | None = None
    paper: Callable[[], Sequence[Drawn]] = field(default=lambda: ())
    scene: Scene | None = None
    pair: Pair | None = None
    measures: tuple[str, ...] = ()
    survey: Round | None = None
    rounds: tuple[Round, ...] = ()

    @property
    def drawn(self) -> bool:
        """Whether the map shows it."""
        return self.layer.on and not self.fault


def can_show(indicator_id: str) -> bool:
    """Whether an indicator can colour areas here."""
    entry = load_catalogue().get(indicator_id)
    return entry is not None and (entry.map or entry.id == NEET)


def layers_of(c: Context) -> Layers:
    """The set the address names; the first ready-made one where it names none."""
    if not c.view.layers:
        return READY_MADE[0].layers
    return parse_layers(c.view.layers, indicator_exists=can_show)


def resolve(c: Context, layers: Layers) -> list[Shown]:
    """Look up every layer of a set, from the bottom to the top."""
    p = plan_of(c)
    makers: dict[str, Callable[[Context, Plan, Layer], Shown]] = {
        "areas": _of_areas,
        "light": _of_light,
        "outline": _of_outlines,
        "village": _of_villages,
        "place": _of_places,
    }
    return [makers[layer.kind](c, p, layer) for layer in layers]


def on_paper(c: Context, layers: Layers) -> tuple[list[Shown], list[Drawn]]:
    """The set in the colours of paper, and its drawing from the bottom to the top.

    Every point is drawn, the provinces lie below as surroundings, and the area looked at is outlined above.
    """
    shown = resolve(on_light(c), tuple(replace(x, every=True) for x in layers))
    return shown, framed(c, [part for one in shown if one.drawn for part in one.paper()])


def points_within(c: Context) -> str:
    """The country or the province whose points are drawn."""
    return COUNTRY if c.area.level == "country" else c.area.code[:2]


def _hex_rows(rows: Sequence[LegendRow]) -> list[Row]:
    return [Row(row.colour, row.label, f"{row.count:,}") for row in rows]


# ------------------------------------------------------------------------------------------------------------
# Areas


def _of_areas(c: Context, p: Plan, layer: Layer) -> Shown:
    w = c.words
    name = layer.indicator or map_indicator(c)
    entry = indicator(name)
    title = w.pick(entry.name_th, entry.name_en)
    if name == NEET or layer.second in (name, NEET):
        # Known only now: an address may leave the first one open. One number against itself says nothing, and NEET stands alone.
        layer = replace(layer, second="", second_year=None)
    if layer.second:
        return _of_pair(c, p, replace(layer, indicator=name), entry)
    if name == NEET:
        return _of_neet(c, p, replace(layer, indicator=name), entry)
    here = c if layer.year is None else replace(c, view=replace(c.view, year=layer.year))
    years = tuple(year_choices(c, name))
    year = page_year(here, name)
    layer = replace(layer, indicator=name, year=year or None)
    scene = compose(c, name, year)
    url = None
    if p.draw_level is not None and p.draw_parent is not None and year:
        url = c.warehouse.layer_url(p.draw_level, p.draw_parent, entry.theme, year, name)
    bare = Legend(title, w.pick(entry.unit_th, entry.unit_en))
    if url is None:
        return Shown(layer, title, bare, _why(c, p, year), years=years, scene=scene)
    classes, shared_level = map_classes(c, scene)
    return _coloured(
        c, p, layer, scene, url, colours(classes, entry), classes.bounds, tooltip(c, scene), years=years,
        rows=legend_rows(classes, entry, w, c.theme),
        notes=legend_lines(c, scene, classes, shared_level),
    )  # fmt: skip


def _why(c: Context, p: Plan, year: int) -> str:
    """Why areas cannot be coloured."""
    w = c.words
    if p.draw_level is None:
        return w("map.no_map", level=w(f"level.{p.level}"), year="")
    if not year:
        return w("overlay.no_numbers")
    return w("map.no_year", level=w(f"level.{p.draw_level}"), year=year_label(year, w))


def _coloured(
    c: Context,
    p: Plan,
    layer: Layer,
    scene: Scene,
    url: str,
    palette: tuple[RGB, ...],
    bounds: tuple[float, ...],
    tip: str,
    *,
    years: tuple[int, ...],
    rows: tuple[list[LegendRow], LegendRow | None],
    notes: Sequence[str],
    sources: tuple[str, ...] = (),
) -> Shown:
    """Areas in the classes of one indicator."""
    entry, w = scene.indicator, c.words
    filled, missing = rows
    used = tuple(str(s) for s in scene.drawn["source_id"].dropna().unique())
    made_up = is_made_up(c, used)
    official = scene.drawn[scene.drawn["kind"] == "official"]
    hidden = hidden_codes(official)
    legend = Legend(
        w.pick(entry.name_th, entry.name_en),
        w.pick(entry.unit_th, entry.unit_en),
        [*_hex_rows(filled), *missing_rows(c, missing, len(hidden))],
        strong=[w("overlay.made_up")] if made_up else [],
        notes=notes,
    )

    def paper() -> list[Drawn]:
        values = official.set_index("area_code")["value"]
        return [
            painted(
                c, p.draw_level, p.draw_parent, values, bounds, palette, inside=p.inside, hidden=hidden,
                opacity=layer.opacity / 100,
            )
        ]  # fmt: skip

    return Shown(
        layer, legend.title, legend, made_up=made_up, years=years, sources=sources, used=used, tip=tip, paper=paper, scene=scene,
        areas=AreaLayer(url, entry.id, bounds, palette, inside=p.inside, focus=p.focus,
                        crowded=crowded(p.draw_level, p.draw_parent)),
    )  # fmt: skip


def _of_neet(c: Context, p: Plan, layer: Layer, entry: Indicator) -> Shown:
    """NEET of one source: what the layer asks for, else the newest."""
    from analytics.classify import classify
    from ui.classes import class_spec

    w = c.words
    have = neet_sources(c.warehouse)
    title = w.pick(entry.name_th, entry.name_en)
    source = layer.source if layer.source in have else next(iter(have), "")
    years = tuple(reversed(have.get(source, ())))
    year = layer.year if layer.year in years else (years[0] if years else 0)
    layer = replace(layer, source=source, year=year or None)
    url = None
    if year and p.draw_level is not None and p.draw_parent is not None:
        url = neet_url(c.warehouse, source, year, p.draw_level, p.draw_parent)
    if url is None or year is None:
        fault = _why(c, p, year or 0)
        return Shown(
            layer, title, Legend(title, w.pick(entry.unit_th, entry.unit_en)), fault, years=years, sources=tuple(have)
        )  # fmt: skip
    drawn = c.warehouse.values(
        NEET, level=p.draw_level or "", year=year, within=p.inside or p.draw_parent or COUNTRY, source=source
    )
    scene = Scene(entry, p, year, drawn, drawn)
    classes = classify(drawn[drawn["kind"] == "official"]["value"], class_spec(entry, c.view))
    name = "{name_th}" if w.language == "th" else "{name_en}"
    return _coloured(
        c, p, layer, scene, url, colours(classes, entry), classes.bounds,
        f"<b>{name}</b><br>{w.pick(entry.short_th, entry.short_en)}: <b>{{{NEET}_t}}</b> {w.pick(entry.unit_th, entry.unit_en)}",
        years=years, rows=legend_rows(classes, entry, w, c.theme), sources=tuple(have),
        notes=[*outline_lines(c, p.draw_level), w("overlay.neet"), source_line(c, drawn, year)],
    )  # fmt: skip


def _of_pair(c: Context, p: Plan, layer: Layer, entry: Indicator) -> Shown:
    """Two indicators in thirds each."""
    w = c.words
    second = indicator(layer.second)
    title = f"{w.pick(entry.short_th, entry.short_en)} × {w.pick(second.short_th, second.short_en)}"
    level = p.draw_level or ""
    years = tuple(reversed(c.warehouse.years(entry.id, level)))
    second_years = tuple(reversed(c.warehouse.years(second.id, level)))
    wanted = layer.year if layer.year is not None else c.view.year
    y_year = wanted if wanted in years else next(iter(years), 0)
    x_year = layer.second_year if layer.second_year in second_years else next(iter(second_years), 0)
    layer = replace(layer, year=y_year or None, second_year=x_year or None)
    question = Question(entry.id, y_year or 0, second.id, x_year or 0, level, p.draw_parent or COUNTRY)
    url = pair_url(c.warehouse, question) if y_year and x_year and p.draw_level is not None else None
    found = pair(c.warehouse, question) if url is not None else None
    if found is None or url is None or not found.cells.x.k or not found.cells.y.k:
        fault = w("overlay.no_pair") if p.draw_level is not None else _why(c, p, 0)
        return Shown(layer, title, Legend(title), fault, years=years, second_years=second_years)
    square = found.cells
    palette = bivariate(c.theme, square.y.k, square.x.k)
    used = (*found.y_sources, *found.sources)
    titles = data.source_titles(c.warehouse.snapshot)
    compared = len(found.frame) - sum(found.left_out.values())
    notes = [
        *outline_lines(c, level),
        w("pair.thirds"),
        w("pair.compared", n=f"{compared:,}", all=f"{len(found.frame):,}"),
        w(
            "source.line",
            source="; ".join(dict.fromkeys(w.pick(*titles[s]) for s in used)),
            year=" / ".join(dict.fromkeys((year_label(y_year or 0, w), year_label(x_year or 0, w)))),
            snapshot=c.warehouse.snapshot[:11],
        ),
    ]
    missing = Row(bivariate_missing(c.theme), w("pair.missing"), f"{square.missing:,}")
    legend = Legend(
        title,
        rows=[missing] if square.missing else [],
        square=Square(
            palette, [[f"{n:,}" for n in line] for line in square.counts], square_labels(square.x, c),
            square_labels(square.y, c), title_line(second.id, x_year or 0, None, c), title_line(entry.id, y_year or 0, None, c),
        ),
        strong=[w("overlay.made_up")] if found.made_up else [],
        notes=notes,
    )  # fmt: skip
    name = "{name_th}" if w.language == "th" else "{name_en}"
    tip = f"<b>{name}</b><br>" + "<br>".join(
        f"{w.pick(e.short_th, e.short_en)}: <b>{{{key}_t}}</b> {w.pick(e.unit_th, e.unit_en)}"
        for key, e in (("y", entry), ("x", second))
    )

    return Shown(
        layer, title, legend, made_up=found.made_up, years=years, second_years=second_years, used=used, tip=tip,
        pair=found, paper=lambda: [pair_areas(c, found, layer.opacity / 100)],
        areas=PairLayer(
            url, square.x.bounds, square.y.bounds, palette, bivariate_missing(c.theme), p.focus or p.inside,
            crowded(level, p.draw_parent),
        ),
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------------------
# Light


def _of_light(c: Context, p: Plan, layer: Layer) -> Shown:
    w = c.words
    lights = c.warehouse.lights
    default = lights.default_source()
    title = w("overlay.kind_light")
    if default is None:
        return Shown(layer, title, Legend(title), w("light.none"))
    have = {str(s): tuple(lights.years(str(s))) for s in lights.rasters()["source_id"].unique()}
    source = layer.source if layer.source in have else default
    years = tuple(reversed(have[source]))
    year = layer.year if layer.year in years else years[0]
    assert year is not None
    product = product_of(source)
    bounds = image_bounds(grid_of(raster_row(c, source, year)))
    modelled = product.kind == "modelled"
    order = (default, *sorted(s for s in have if s != default))
    legend = _light_legend(c, product, source, year, modelled=modelled)

    def paper() -> list[Drawn]:
        png = light_image(
            data.snapshots_with(c.warehouse.snapshot), c.warehouse.snapshot, ImageName(product.id, (year,)),
            light_colours(LIGHT_COLOURS), LIGHT.focus,
        )  # fmt: skip
        return [] if png is None else [Picture(png, bounds, layer.opacity / 100)]

    return Shown(
        replace(layer, source=source, year=year), title, legend, made_up=modelled, years=years, sources=order, used=(source,),
        paper=paper,
        chart=lambda _night: raster_layer(
            image_url(c.warehouse.snapshot, product.id, (year,), theme=c.theme.name), bounds, layer.opacity / 100, name="light"
        ),
    )  # fmt: skip


def _light_legend(c: Context, product: Product, source: str, year: int, *, modelled: bool) -> Legend:
    w = c.words
    scale = scale_of(product.unit)
    marks = zip(scale.position(scale.stops).tolist(), scale.stops, strict=True)
    return Legend(
        w("overlay.kind_light"),
        product.unit,
        ramp=Ramp(light_colours(24), [(float(at), f"{stop:g}") for at, stop in marks]),
        strong=[w("light.modelled")] if modelled else [],
        notes=[
            *([w("light.legend.log")] if scale.logarithmic else []),
            product.name(w.language),
            period_line(c, source, year),
            threshold_line(c, source, year),
            w("light.not_poverty"),
        ],
    )


# ------------------------------------------------------------------------------------------------------------
# Outlines


def _of_outlines(c: Context, p: Plan, layer: Layer) -> Shown:
    w = c.words
    title = w("overlay.kind_outline", level=w(f"level.{layer.level}"))
    parent = COUNTRY if layer.level == "province" else points_within(c)
    url = c.warehouse.outline_url(layer.level, parent)
    if url is None:
        return Shown(
            layer,
            title,
            Legend(title),
            w("overlay.no_outlines", level=w(f"level.{layer.level}")),
            "daomap import boundaries",
        )
    legend = Legend(
        title,
        rows=[Row(c.theme.focus, w(f"level.{layer.level}"), None, "line")],
        strong=outline_lines(c, layer.level),
    )
    width = _OUTLINES[layer.level]
    return Shown(
        layer, title, legend,
        chart=lambda night: outline_layer(
            url, c.theme, name=layer.key, width=width, opacity=layer.opacity / 100, night=night
        ),
        paper=lambda: [
            Areas(published_shapes(c.warehouse, layer.level, parent), None, LIGHT.focus, width / 6, layer.opacity / 100)
        ],
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------------------
# Points


def clustered(c: Context, layer: Layer) -> bool:
    """Whether points are gathered into bubbles: in the country, unless each of them was asked for."""
    return points_within(c) == COUNTRY and not layer.every


def _of_places(c: Context, p: Plan, layer: Layer) -> Shown:
    w = c.words
    services = load_services()
    kind = services.kinds[layer.place]
    title = w.pick(kind.name_th, kind.name_en)
    within = points_within(c)
    found = data.places(c.warehouse.snapshot, layer.place, within)
    if found.empty:
        return Shown(layer, title, Legend(title), w("overlay.no_places"), "daomap import places")
    grades = services.of_kind(layer.place)
    colour = dict(zip(grades, grade_colours(c.theme, len(grades)), strict=True))
    bubble = next(iter(colour.values()))
    symbol = tuple(SYMBOLS)[kind.colour % len(SYMBOLS)]  # not a ring, which is of what is not sure
    counts = found["grade"].value_counts()
    gathered = clustered(c, layer)
    used = tuple(str(s) for s in found["source_id"].unique())
    legend = Legend(
        title,
        w("overlay.places_unit"),
        [
            Row(colour[g], w.pick(grade.name_th, grade.name_en), f"{int(counts[g]):,}", symbol)
            for g, grade in grades.items()
            if g in counts
        ],
        strong=[w("overlay.made_up")] if is_made_up(c, used) else [],
        notes=[*([w("overlay.bubbles")] if gathered else []), _origin_line(c, used)],
    )
    url = place_url(c.warehouse, Reach(layer.place, kind.radius_km), within=within, clusters=gathered)
    opacity = layer.opacity / 100

    def chart(_night: bool) -> object:
        if gathered:
            return cluster_layer(url, bubble, c.theme, name=layer.key)
        known = {g: rgb for g, rgb in colour.items() if g in counts and g != UNKNOWN}
        return point_layer(
            url, PointColours("g", dict(known), colour[UNKNOWN]), c.theme, name=layer.key,
            radius=POINT_SIZES["place"], opacity=opacity,
        )  # fmt: skip

    def paper() -> list[Drawn]:
        return [dots(found, [colour[str(g)] for g in found["grade"]], symbol, opacity=opacity)]

    return Shown(layer, title, legend, made_up=bool(legend.strong), used=used, chart=chart, paper=paper)


def _of_villages(c: Context, p: Plan, layer: Layer) -> Shown:
    """Villages in the classes of a survey, or all alike where there is none."""
    w = c.words
    title = w("overlay.kind_village")
    within = points_within(c)
    found = data.villages(c.warehouse.snapshot, within)
    if found.empty:
        return Shown(layer, title, Legend(title), w("overlay.no_villages"), "daomap import villages")
    rounds = c.warehouse.villages.rounds
    survey = _round(rounds, layer)
    gathered = clustered(c, layer)
    used = tuple(str(s) for s in found["source_id"].unique())
    measure, measures, classes = LEVEL, (), pd.Series(dtype=float)
    if survey is not None:
        measures = (LEVEL, *(d.key for d in survey.spec.domains), *(i.id for i in survey.spec.indicators))
        measure = layer.measure if layer.measure in measures else LEVEL
        classed = data.village_classes(c.warehouse.snapshot, survey.spec.id, survey.year, measure, within)
        classes = classed.set_index("code")["k"].reindex(found["code"])
        used = tuple(dict.fromkeys((*used, survey.source_id)))
        layer = replace(layer, source=survey.spec.id, year=survey.year, measure=measure)
    opacity = layer.opacity / 100
    by_name = int((found["how"] != "code").sum())
    unsure = (found["confidence"] < UNSURE).to_numpy(dtype=bool)
    colour = village_colour(c.theme)
    legend = Legend(
        title,
        "" if survey is None else measure_name(c, survey, measure),
        [
            *_village_rows(c, survey, measure, classes, len(found)),
            # Bubbles have no rings; on paper nothing is gathered.
            *([Row(colour, w("overlay.unsure"), f"{unsure.sum():,}", "ring")] if unsure.any() and not gathered else []),
        ],
        strong=[
            *([w("overlay.made_up")] if is_made_up(c, used) else []),
            *([w("overlay.unverified")] if survey is not None and not _verified(survey, measure) else []),
        ],
        notes=[
            *([w("overlay.round", spec=w.pick(survey.spec.name_th, survey.spec.name_en), year=year_label(survey.year, w))]
              if survey is not None else []),
            *([w("overlay.bubbles")] if gathered else []),
            *([w("overlay.by_name", n=f"{by_name:,}")] if by_name else []),
            _origin_line(c, used),
        ],
    )  # fmt: skip
    url = village_url(c.warehouse, survey, measure, within=within, clusters=gathered)

    def chart(_night: bool) -> object:
        if gathered:
            return cluster_layer(url, colour, c.theme, name=layer.key)
        tint = PointColours(
            "k", dict(village_classes(c.theme)), colour if survey is None else c.theme.missing
        )
        return point_layer(url, tint, c.theme, name=layer.key, radius=POINT_SIZES["village"], opacity=opacity)

    def paper() -> list[Drawn]:
        return list(village_dots(c, found, None if survey is None else classes, opacity))

    return Shown(
        layer, title, legend, made_up=is_made_up(c, used), used=used, chart=chart, paper=paper,
        rounds=tuple(rounds), measures=measures, survey=survey,
    )  # fmt: skip


def _round(rounds: Sequence[Round], layer: Layer) -> Round | None:
    """The survey a layer asks for, as far as it names one: of its year, of its specification; else the newest."""
    fits = [r for r in rounds if layer.source in ("", r.spec.id)] or list(rounds)
    return next((r for r in fits if r.year == layer.year), next(iter(fits), None))


def measure_name(c: Context, survey: Round, measure: str) -> str:
    """What colours villages, in words."""
    w, spec = c.words, survey.spec
    if measure == LEVEL:
        return w("overlay.village_level")
    domain, own = spec.domain(measure), spec.indicator(measure)
    if domain is not None:
        return w("overlay.village_domain", name=w.pick(domain.name_th, domain.name_en))
    return w.pick(own.name_th, own.name_en) if own is not None else measure


def _verified(survey: Round, measure: str) -> bool:
    """Whether what the colours rest on was checked against a manual."""
    spec = survey.spec
    if measure == LEVEL:
        return spec.verified
    own, domain = spec.indicator(measure), spec.domain(measure)
    if domain is not None:
        return domain.verified and all(one.verified for one in spec.of_domain(measure))
    return own is not None and own.verified


def _village_rows(c: Context, survey: Round | None, measure: str, classes: pd.Series, n: int) -> list[Row]:
    if survey is None:
        return [Row(village_colour(c.theme), c.words("level.village"), f"{n:,}", "circle")]
    colour = village_classes(c.theme)
    counts = classes.fillna(-1).astype(int).value_counts()
    rows = []
    for k in (1, 2, 3, 0, -1):
        if k in counts:
            words = class_words(survey.spec, measure, None if k < 0 else k)
            tint = colour.get(k, c.theme.missing)
            rows.append(Row(tint, c.words.pick(*words), f"{int(counts[k]):,}", "circle"))
    return rows


def _origin_line(c: Context, used: Sequence[str]) -> str:
    titles = data.source_titles(c.warehouse.snapshot)
    return c.words(
        "overlay.source",
        source="; ".join(c.words.pick(*titles[s]) for s in used),
        snapshot=c.warehouse.snapshot[:11],
    )
