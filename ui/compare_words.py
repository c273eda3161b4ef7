"""What the comparison screen says in words: the headline, what differs, and how a number is written."""

from __future__ import annotations

from collections.abc import Iterable

from analytics.catalogue import Indicator
from analytics.comparability import Verdict
from analytics.definitions import DefinitionError, definition
from analytics.formatting import number, value_text, withheld_text
from ui import data
from ui.compare_state import Cell, Choice, Row
from ui.frame import Context
from ui.tables import year_label
from ui.texts import Words
from warehouse.neet import UNSTATED_YEAR

NO_RATIO = ("score", "stars", "index", "dimensions")
"""Units whose zero is not nothing, or of which "twice" says nothing."""


def title_of(entry: Indicator, w: Words) -> str:
    """An indicator's name before a Thai word, with a blank where it ends in Latin letters; English has blanks of its own."""
    name = w.pick(entry.name_th, entry.name_en)
    return f"{name} " if w.language == "th" and name[-1:].isascii() else name


def gap_text(amount: float, entry: Indicator, w: Words) -> str:
    """A difference without its sign: percentage points of a percentage, else the indicator's own unit."""
    if entry.unit == "percent":
        return w("compare.points", n=number(abs(amount), entry.decimals, language=w.language))
    return value_text(abs(amount), entry, language=w.language)


def cell_text(cell: Cell, entry: Indicator, w: Words, minimum: int, *, unit: bool = True) -> str:
    """A number with or without its unit; the mark of a hidden one; the words for no data."""
    if cell.hidden:
        return withheld_text(entry.unit, minimum)
    if cell.value is None:
        return w("figures.no_data")
    smallest = 10.0**-entry.decimals
    # Somebody is there: a number above zero is never written as zero.
    sign, value = ("<", smallest) if 0 < cell.value < smallest / 2 else ("", cell.value)
    if unit:
        return sign + value_text(value, entry, language=w.language)
    return sign + number(value, entry.decimals, language=w.language)


def same_as_shown(a: float, b: float, entry: Indicator) -> bool:
    """Whether two numbers are written alike."""
    return round(a, entry.decimals) == round(b, entry.decimals)


def headline(c: Context, choice: Choice, row: Row) -> str:
    """The comparison in one sentence, plain text."""
    w, entry = c.words, row.indicator
    title = title_of(entry, w)
    names = [side.name for side in choice.sides]
    texts = [cell_text(cell, entry, w, c.warehouse.minimum) for cell in row.cells]
    values = [cell.value for cell in row.cells]
    known = [(v, i) for i, v in enumerate(values) if v is not None]
    if len(known) < len(values) or len(values) < 2 or not row.verdict.ok:
        listed = "; ".join(w("compare.item", name=n, value=t) for n, t in zip(names, texts, strict=True))
        area = f" · {c.name(c.area)}" if choice.by == "years" else ""
        refused = len(known) == len(values) > 1
        return w(
            "compare.apart" if refused else "compare.listed", indicator=title.strip() + area, listed=listed
        )
    if choice.by == "years":
        first, second = known[0][0], known[1][0]
        moved = "same" if same_as_shown(first, second, entry) else "rose" if second > first else "fell"
        return w(
            f"compare.{moved}",
            indicator=title,
            area=c.name(c.area),
            first=texts[0],
            first_year=names[0],
            second=texts[1],
            second_year=names[1],
            gap=gap_text(second - first, entry, w),
        )
    # The first of equal numbers is named, in the order of the sides.
    high, low = max(known, key=lambda k: (k[0], -k[1])), min(known)
    ends = {
        "indicator": title,
        "n": len(names),
        "high": names[high[1]],
        "high_value": texts[high[1]],
        "low": names[low[1]],
        "low_value": texts[low[1]],
        "gap": gap_text(high[0] - low[0], entry, w),
    }
    if same_as_shown(high[0], low[0], entry):
        return w("compare.equal", indicator=title, names=", ".join(names), value=texts[0])
    said = w("compare.above" if len(names) == 2 else "compare.spread", **ends)
    # Of a number written with one digit a multiple is mostly rounding.
    if low[0] >= 10.0 ** (1 - entry.decimals) and entry.unit not in NO_RATIO:
        said += " " + w("compare.times", times=number(high[0] / low[0], 1, language=w.language))
    return said


def reasons(verdict: Verdict, w: Words) -> str:
    """What stands against a comparison, in words."""
    return "; ".join(w(f"compare.guard_{name}") for name in verdict.against)


def named(verdict: Verdict, w: Words, *, besides: Iterable[str] = ()) -> str:
    """What differs without standing against a comparison, in words; `besides` is said elsewhere."""
    left = [d for d in verdict.differs if d not in verdict.against and d not in set(besides)]
    return "; ".join(w(f"compare.guard_{name}") for name in left)


class Footnotes:
    """Source, year and definition of numbers in a table, each written once and named by a number in brackets."""

    def __init__(self, c: Context) -> None:
        self._c = c
        self._places: dict[tuple[str, int, str], int] = {}

    def mark(self, cells: Iterable[Cell]) -> str:
        """``[1]``, or ``[1][2]`` where numbers come from more than one."""
        places = []
        for cell in cells:
            if cell.standing is not None:
                key = (cell.standing.source, cell.standing.year, cell.standing.definition)
                places.append(self._places.setdefault(key, len(self._places) + 1))
        return "".join(f"[{n}]" for n in dict.fromkeys(places))

    def lines(self, *, marked: bool = True) -> list[str]:
        """One line a mark, with it in front where there is a table it stands in; plain text."""
        w = self._c.words
        titles = data.source_titles(self._c.warehouse.snapshot)
        made_up = data.made_up_sources(self._c.warehouse.snapshot)
        out = []
        for (source, year, defined), place in self._places.items():
            origin = w(
                "compare.origin",
                source=w.pick(*titles[source]),
                year=dated(source, year, w),
                definition=definition_text(defined, w),
            )
            if source in made_up:
                origin += f" · {w('compare.made_up')}"
            out.append(w("compare.footnote", n=place, origin=origin) if marked else origin)
        return out


def dated(source: str, year: int, w: Words) -> str:
    """The year of a number, or that its source states none."""
    label = year_label(year, w)
    return w("neet.year_unstated", year=label) if source in UNSTATED_YEAR else label


def definition_text(name: str, w: Words) -> str:
    """What a definition counts, plain text; its id where nobody wrote it down."""
    try:
        entry = definition(name)
    except DefinitionError:
        return name
    return w.pick(entry.text_th, entry.text_en)
