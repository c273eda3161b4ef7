"""What no source in the snapshot covers, who has it, and how to bring it in; a gap that was filled says so."""

from __future__ import annotations

from dataclasses import dataclass

from analytics.catalogue import IMPORTED, Indicator, load_catalogue
from geo.codes import COUNTRY
from ui import data
from ui.frame import Context
from ui.tables import year_label


@dataclass(frozen=True, slots=True)
class Gap:
    """One subject that the plan counts among urgent issues.

    Attributes
    ----------
    key : str
        Of its texts ``urgent.gap_<key>``, ``..._who`` and ``..._how``.
    words : tuple of str
        One of these in the name of an imported indicator means that the gap was filled; empty where an indicator of our own
        would fill it.
    indicator : str
        That indicator, or empty.
    only : str
        Shown for the country and inside this province alone; empty for everywhere.
    """

    key: str
    words: tuple[str, ...] = ()
    indicator: str = ""
    only: str = ""


GAPS = (
    Gap("unemployment", words=("ว่างงาน", "ทำงานต่ำระดับ", "unemploy", "underemploy")),
    Gap("debt", words=("หนี้", "debt")),
    Gap("neet", indicator="neet_rate"),
    Gap("bangkok", indicator="target_poor", only="10"),
    Gap("outside"),
)


def gap_rows(c: Context, level: str) -> list[list[str]]:
    """Subject, what the snapshot has of it, who has it, and how to bring it in; plain text.

    Parameters
    ----------
    level : str
        Of the areas the page lists.
    """
    w = c.words
    shown = [g for g in GAPS if not g.only or c.area.code == COUNTRY or c.area.code.startswith(g.only)]
    return [
        [
            w(f"urgent.gap_{gap.key}"),
            _status(c, gap, level),
            w(f"urgent.gap_{gap.key}_who"),
            w(f"urgent.gap_{gap.key}_how"),
        ]
        for gap in shown
    ]


def _filling(c: Context, gap: Gap) -> list[Indicator]:
    """Indicators with data that answer to the subject."""
    have = [load_catalogue()[i] for i in c.warehouse.indicators_with_data()]
    if gap.indicator:
        return [i for i in have if i.id == gap.indicator]
    return [
        i
        for i in have
        if i.id.startswith(tuple(IMPORTED))
        and any(word in f"{i.name_th} {i.name_en}".lower() for word in gap.words)
    ]


def _status(c: Context, gap: Gap, level: str) -> str:
    w, found = c.words, []
    for entry in _filling(c, gap):
        levels = c.warehouse.levels_with_data(entry.id)
        # Where the page's own level has none, the finest one that has.
        at = level if level in levels else levels[-1]
        year = c.warehouse.years(entry.id, at)[-1]
        values = data.values(c.warehouse.snapshot, entry.id, at, year, gap.only or COUNTRY)
        got = int((values["value"].notna() | values["suppressed"].astype(bool)).sum())
        if got:
            found.append(
                w(
                    "urgent.gap_has",
                    name=w.pick(entry.short_th, entry.short_en),
                    year=year_label(year, w),
                    got=f"{got:,}",
                    all=f"{len(values):,}",
                    level=w(f"level.{at}"),
                )
            )
    return "; ".join(found) or w("urgent.gap_nothing")
