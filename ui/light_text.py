"""What is written about light: measures, units, periods, warnings. Plain text, the same on screen, legend and download."""

from __future__ import annotations

import math

import pandas as pd

from analytics.catalogue import indicator, load_catalogue
from analytics.formatting import NO_DATA, number
from analytics.light_measures import Measure
from geo.nightlight import Product
from ui.frame import Context
from ui.light_state import LightScene, Pair, product_of
from ui.tables import year_label
from ui.texts import Words
from warehouse.batch import OTHER_CELLS, PERIOD_ASSUMED


def measure_name(measure: Measure, words: Words) -> str:
    """Name of a measure: the catalogue's where it is an indicator."""
    if measure.key in load_catalogue():
        entry = indicator(measure.key)
        return words.pick(entry.name_th, entry.name_en)
    return words(f"light.measure.{measure.key}")


def short_name(measure: Measure, words: Words) -> str:
    """A name that fits above a figure or a column."""
    if measure.key in load_catalogue():
        entry = indicator(measure.key)
        return words.pick(entry.short_th, entry.short_en)
    return words(f"light.measure.{measure.key}")


def meaning(measure: Measure, words: Words, floor: float) -> str:
    """One sentence on how a measure is made."""
    if measure.key in load_catalogue():
        entry = indicator(measure.key)
        return words.pick(entry.description_th, entry.description_en)
    return words(f"light.meaning.{measure.key}", floor=f"{floor:g}")


def unit_text(measure: Measure, product: Product, words: Words) -> str:
    """Unit of a measure of this product."""
    return words(f"light.unit.{measure.unit}", unit=product.unit)


def shown(measure: Measure, value: float, words: Words) -> str:
    """A value as text; light that is there is never written as none."""
    if value != value:
        return NO_DATA
    least = 10.0**-measure.decimals
    if 0 < value < least / 2:
        return "<" + number(least, measure.decimals, language=words.language)
    sign = "+" if measure.classes == "symmetric" and round(value, measure.decimals) > 0 else ""
    return sign + number(value, measure.decimals, language=words.language)


def two_years_text(pair: Pair, words: Words) -> str:
    """``พ.ศ. 2564 เทียบ พ.ศ. 2555``."""
    return words("light.legend.compared", y0=year_label(pair.y0, words), y1=year_label(pair.y1, words))


def period_line(c: Context, source: str, year: int) -> str:
    """What a year of a source holds: first and last day where the file said, the sensor, and what stands against it."""
    w = c.words
    row = raster_row(c, source, year)
    start, end = row["period_start"], row["period_end"]
    if product_of(source).kind == "modelled":
        return f"{year_label(year, w)} · {w('light.modelled_short')}"
    if pd.isna(start) or pd.isna(end):
        line = w("light.legend.no_period", year=year_label(year, w), sensor=row["sensor"])
    else:
        line = w(
            "light.legend.period",
            year=year_label(year, w),
            start=_day(str(start), w),
            end=_day(str(end), w),
            sensor=row["sensor"],
        )
    return " · ".join([line, *raster_notes(row["note"], w)])


def late_starts(c: Context, s: LightScene) -> list[str]:
    """A sentence for each year on the page whose measurements begin after its first day."""
    choice, w = s.choice, c.words
    years = [] if choice.two_years else [(choice.source, choice.year)]
    if choice.pair is not None and (choice.two_years or s.compared):
        # Figures tell the other year of the pair too.
        years += [(choice.pair.source0, choice.pair.y0), (choice.pair.source1, choice.pair.y1)]
    lines = []
    for source, year in sorted(set(years), key=lambda found: found[1]):
        start = raster_row(c, source, year)["period_start"]
        if product_of(source).kind != "modelled" and not pd.isna(start) and str(start) > f"{year}-01-01":
            lines.append(w("light.caveats.months", year=year_label(year, w), start=_day(str(start)[:10], w)))
    return lines


def raster_notes(note: object, words: Words) -> list[str]:
    """What the note of a raster tells a reader: a period nobody named, cells that are not the product's."""
    told = note.split("; ") if isinstance(note, str) else []
    lines = [words("light.legend.assumed")] if PERIOD_ASSUMED in told else []
    for part in told:
        if part.startswith(OTHER_CELLS):
            here, published = part.removeprefix(OTHER_CELLS).split()
            lines.append(words("light.legend.other_cells", here=here, published=published))
    return lines


def _day(iso: str, words: Words) -> str:
    """A day as its readers write it: day/month/year, the year of their era."""
    year, month, day = iso.split("-")
    return f"{int(day)}/{int(month)}/{int(year) + 543}" if words.language == "th" else iso


def raster_row(c: Context, source: str, year: int) -> pd.Series:
    """The row of a source's year in the table of rasters."""
    rasters = c.warehouse.lights.rasters()
    return rasters[(rasters["source_id"] == source) & (rasters["year"] == year)].iloc[0]


def threshold_line(c: Context, source: str, year: int, pair: Pair | None = None) -> str:
    """Above what a cell is lit; for two years what they are compared by, which a background can raise."""
    threshold = float(raster_row(c, source, year)["lit_threshold"])
    if pair is not None:
        lights = c.warehouse.lights
        threshold = lights.compared_rule(pair.source1, pair.y0, pair.y1, other=pair.other).threshold
    if threshold == 0:
        return c.words("light.legend.lit_any")
    return c.words("light.legend.lit", threshold=f"{threshold:.3g}")


def persons_line(c: Context, frame: pd.DataFrame) -> str:
    """Of which year the persons are that light is divided by; they are counted apart from the light."""
    year = int(frame["persons_year"].max()) if len(frame) else 0
    return (
        c.words("light.legend.persons", year=year_label(year, c.words))
        if year
        else c.words("light.legend.no_persons")
    )


def reasons(c: Context, s: LightScene) -> list[str]:
    """What stands against the two years, in the language of the screen."""
    if s.comparison is None:
        return []
    return [c.words.pick(th, en) for th, en in s.comparison.reasons]


def drift_amount(c: Context, s: LightScene) -> str | None:
    """The drift of the dark background over the country, signed; None where it is removed or cannot be measured."""
    pair = s.choice.pair
    if pair is None or (s.product.masked and s.product0.masked) or not s.compared:
        return None
    drift = c.warehouse.lights.drift(pair.source1, pair.y0, pair.y1, other=pair.other)
    return None if math.isnan(drift) else f"{drift:+.2f}"


def warning_lines(c: Context, s: LightScene) -> list[str]:
    """What has to stay beside the numbers wherever they go: modelled, compared in spite of reasons, drift."""
    w = c.words
    lines = [w("light.modelled")] if s.modelled else []
    if s.compared and (against := reasons(c, s)):
        lines.append(w("light.warn.anyway", reason=" ".join(against)))
    if s.compared and s.comparison is not None:
        lines += [w.pick(th, en) for th, en in s.comparison.notes]
    if (drift := drift_amount(c, s)) is not None:
        lines.append(w("light.warn.drift", drift=drift, unit=s.product.unit))
    return lines
