"""Which light a page speaks of: product, years, mode and measure from the address, checked against what there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

import warehouse.light_layers  # noqa: F401 - makes its kinds of layers known
from analytics.light_measures import MEASURES, Measure
from geo.codes import COUNTRY
from geo.nightlight import Product, products
from ui.frame import Context
from ui.plan import Plan
from ui.scene import plan_of
from ui.state import View
from warehouse.lights import Comparison

TWO_YEAR_MODES = ("swipe", "difference", "closeup")
DEFAULT = "light_mean"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two years that are set side by side; the earlier one may be of another product.

    Attributes
    ----------
    source0, source1 : str
        Source ids of the earlier and the later year.
    y0, y1 : int
        Common era.
    """

    source0: str
    y0: int
    source1: str
    y1: int

    @property
    def other(self) -> str | None:
        """The earlier year's source where it is another one."""
        return self.source0 if self.source0 != self.source1 else None


@dataclass(frozen=True, slots=True)
class Choice:
    """What the address asks for, made possible.

    Attributes
    ----------
    sources : tuple of str
        Every light source of the snapshot, the default first.
    source, years : str, tuple of int
        The source shown and its years, ascending.
    year : int
        The one year shown where one is.
    pair : Pair or None
        None where there are no two years.
    wanted : int or None
        A year of the address that the source does not have.
    """

    sources: tuple[str, ...]
    source: str
    years: tuple[int, ...]
    year: int
    pair: Pair | None
    mode: str
    measure: Measure
    wanted: int | None = None

    @property
    def two_years(self) -> bool:
        """Whether what is shown needs the pair."""
        return self.mode in TWO_YEAR_MODES or (self.mode == "areas" and self.measure.years == 2)


def choose_light(view: View, years: Mapping[str, tuple[int, ...]], default: str) -> Choice:
    """Read what a view asks of light; pure.

    Parameters
    ----------
    view : View
    years : mapping of str to tuple of int
        Years of every source, ascending; at least one of `default`.
    default : str
        Source shown when the address names none that there is.

    Examples
    --------
    >>> chosen = choose_light(View(y1=2012), {"a": (2012, 2021)}, "a")
    >>> chosen.year, chosen.pair
    (2012, Pair(source0='a', y0=2012, source1='a', y1=2021))
    """
    source = view.light if view.light in years else default
    own = years[source]
    wanted = view.y1 if view.y1 is not None and view.y1 not in own else None
    year = own[-1] if view.y1 is None or wanted is not None else view.y1
    source0 = view.light2 if view.light2 in years else source
    # A person who looks at the first year and then asks for a comparison means the years after it.
    y1 = year if any(y < year for y in years[source0]) else own[-1]
    earlier = [y for y in years[source0] if y < y1]
    pair = None
    if earlier:
        y0 = view.y0 if view.y0 in earlier else earlier[0]
        pair = Pair(source0, y0, source, y1)  # type: ignore[arg-type]
    mode = view.mode if pair is not None or view.mode not in TWO_YEAR_MODES else "picture"
    measure = MEASURES.get(view.measure, MEASURES[DEFAULT])
    if measure.years == 2 and pair is None:
        measure = MEASURES[DEFAULT]
    order = (default, *sorted(s for s in years if s != default))
    return Choice(order, source, own, year, pair, mode, measure, wanted)


@dataclass(frozen=True, slots=True)
class LightScene:
    """Light for one view, gathered once a run.

    Attributes
    ----------
    choice : Choice
    product, product0 : Product
        Of the source shown and of the earlier year.
    comparison : Comparison or None
        What stands against the pair; None without a pair.
    plan : Plan
        Areas listed and drawn: light is of areas with polygons, so the table holds those of the map.
    level, within : str or None
        Level listed and the area they lie in; None where there are no polygons at all.
    """

    choice: Choice
    product: Product
    product0: Product
    comparison: Comparison | None
    plan: Plan
    level: str | None
    within: str

    @property
    def compared(self) -> bool:
        """Whether the pair may be shown."""
        return self.choice.pair is not None and (self.comparison is None or self.comparison.allowed)

    @property
    def modelled(self) -> bool:
        """Whether anything shown is modelled."""
        return "modelled" in (self.product.kind, self.product0.kind)


def product_of(source_id: str) -> Product:
    """The product behind a source id."""
    return products()[source_id.removeprefix("nightlight-")]


def light_scene(c: Context) -> LightScene | None:
    """Gather what the night light page shows; None where the snapshot holds no light."""
    lights = c.warehouse.lights
    default = lights.default_source()
    if default is None:
        return None
    rasters = lights.rasters()
    years = {str(s): tuple(lights.years(str(s))) for s in rasters["source_id"].unique()}
    choice = choose_light(c.view, years, default)
    pair = choice.pair
    comparison = None
    if pair is not None:
        comparison = lights.comparison(pair.source0, pair.y0, pair.source1, pair.y1, allow=c.view.anyway)
    p = plan_of(c)
    within = p.inside or p.draw_parent or COUNTRY
    product = product_of(choice.source)
    return LightScene(
        choice,
        product,
        product_of(pair.source0) if pair is not None else product,
        comparison,
        p,
        p.draw_level,
        within,
    )


def table_measure(s: LightScene) -> Measure:
    """The measure of the table: that of the map, and of a difference that may not be shown the mean of one year."""
    measure = MEASURES[DEFAULT]
    if s.choice.mode == "areas":
        measure = s.choice.measure
    elif s.choice.mode == "difference":
        measure = MEASURES["difference"]
    return measure if measure.years == 1 or s.compared else MEASURES[DEFAULT]


def measured(c: Context, s: LightScene, measure: Measure, year: int | None = None) -> pd.Series:
    """Values of a measure for the areas drawn, as shown, by code; of `year` for a measure of one year."""
    return measure.of(frame_of(c, s, measure, year))


def frame_of(c: Context, s: LightScene, measure: Measure, year: int | None = None) -> pd.DataFrame:
    """The table a measure is a column of, for the areas drawn."""
    if measure.years == 1:
        return one_year(c, s, s.choice.year if year is None else year)
    return two_years(c, s)


def one_year(c: Context, s: LightScene, year: int, source: str | None = None) -> pd.DataFrame:
    """`Lights.statistics` of the areas drawn."""
    return c.warehouse.lights.statistics(source or s.choice.source, year, s.level or "", s.within)


def two_years(c: Context, s: LightScene) -> pd.DataFrame:
    """`Lights.change` of the areas drawn; the pair must be one that may be compared."""
    pair = s.choice.pair
    if pair is None:
        raise ValueError("found no pair of years, expected two")
    return c.warehouse.lights.change(
        pair.source1, pair.y0, pair.y1, s.level or "", s.within, other=pair.other
    )
