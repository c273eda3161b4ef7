"""Other years of an area beside the one shown, with a change only inside one definition."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from analytics.definitions import change, comparable, definition
from analytics.formatting import number, year_text
from ui.frame import Context
from ui.tables import year_label
from ui.texts import Words


def other_years(c: Context, shown: int) -> tuple[list[list[str]], list[str]]:
    """Target poor of every year: count, rate and change against the year shown.

    Returns
    -------
    list of rows
        Year, count, rate, change; newest first. Headings are `headings`.
    list of str
        Each definition with the years it holds for.
    """
    w = c.words
    counts = c.warehouse.series(c.area.code, "target_poor").set_index("year")
    rates = c.warehouse.series(c.area.code, "target_poor_rate").set_index("year")
    rows = []
    by_definition: dict[str, list[str]] = {}
    for year in sorted(set(counts.index) | set(rates.index), reverse=True):
        count, rate = counts["value"].get(year), rates["value"].get(year)
        if pd.isna(count) and pd.isna(rate):
            continue
        label = year_label(int(year), w)
        by_definition.setdefault(str(counts["definition"].get(year)), []).append(label)
        rows.append(
            [
                label,
                number(None if pd.isna(count) else count, 0, language=w.language),
                number(None if pd.isna(rate) else rate, 2, language=w.language),
                _against(w, int(year), shown, rates["value"]),
            ]
        )
    texts = []
    for name, labels in by_definition.items():
        if name == "nan":
            continue
        entry = definition(name)
        texts.append(
            w("years.definition", years=", ".join(labels), text=w.pick(entry.text_th, entry.text_en))
        )
    return rows, texts


def headings(words: Words, shown: int) -> list[str]:
    """Headings of the rows of `other_years`."""
    return [
        words("years.column_year"),
        words("years.column_count"),
        words("years.column_rate"),
        words("years.column_change", year=year_label(shown, words) if shown else "–"),
    ]


def _against(w: Words, year: int, shown: int, rates: pd.Series) -> str:
    """Change from the earlier to the later of two years, whichever is shown."""
    if year == shown:
        return w("years.same")
    earlier, later = sorted((year, shown))
    moved = change(rates.get(earlier), rates.get(later), comparable("target_poor_rate", earlier, later))
    if moved is None:
        return w("years.not_comparable")
    return w(
        "years.change_points",
        change=f"{moved.absolute:+.2f}",
        earlier=year_text(earlier, w.language),
        later=year_text(later, w.language),
    )


def day(text: str, language: str) -> str:
    """The day of an ISO 8601 time in UTC, as the language writes it.

    >>> day("2026-11-23T06:02:45+00:00", "th"), day("2026-11-23T06:02:45+00:00", "en")
    ('23/11/2569', '2026-11-23')
    """
    at = datetime.fromisoformat(text)
    return f"{at:%d/%m}/{at.year + 543}" if language == "th" else f"{at:%Y-%m-%d}"
