"""The legend, drawn from the same class bounds as the map, with counts and the class of no data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ui.palette import RGB, Theme, hex_of


@dataclass(frozen=True, slots=True)
class LegendRow:
    """One class: its colour, what it says and how many areas are in it."""

    colour: RGB
    label: str
    count: int


def legend_html(
    title: str,
    unit: str,
    rows: Sequence[LegendRow],
    missing: LegendRow | None,
    notes: Sequence[str],
    theme: Theme,
    caption: str,
) -> str:
    """HTML of a legend; every text is escaped, so names and sources from files stay text.

    Parameters
    ----------
    caption : str
        Heading of the column of counts, such as ``"areas"``, read by screen readers.
    """
    cells = [*rows, *([missing] if missing is not None else [])]
    body = "".join(
        '<tr><td style="padding:2px 8px 2px 0"><span style="display:inline-block;width:28px;height:16px;'
        f'background:{hex_of(row.colour)};border:1px solid {theme.grid};border-radius:2px"></span></td>'
        f'<td style="padding:2px 12px 2px 0">{escape(row.label)}</td>'
        f'<td style="padding:2px 0;text-align:right;color:{theme.muted};font-variant-numeric:tabular-nums">{row.count:,}</td></tr>'
        for row in cells
    )
    lines = "".join(f'<div style="color:{theme.muted};margin-top:4px">{escape(n)}</div>' for n in notes)
    return (
        f'<div class="daomap-legend" style="font-size:0.86rem;line-height:1.45;color:{theme.text}">'
        f'<div style="font-weight:600">{escape(title)}</div><div style="color:{theme.muted}">{escape(unit)}</div>'
        '<table style="border-collapse:collapse;margin-top:4px">'
        f'<thead style="font-size:0.78rem;color:{theme.muted}"><tr><th></th><th></th><th style="font-weight:400;text-align:right">'
        f"{escape(caption)}</th></tr></thead>"
        f"<tbody>{body}</tbody></table>{lines}</div>"
    )
