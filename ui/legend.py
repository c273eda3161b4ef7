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
        f'<tr><td><i style="background:{hex_of(row.colour)}"></i></td><td>{escape(row.label)}</td><td>{row.count:,}</td></tr>'
        for row in cells
    )
    lines = "".join(f"<p>{escape(n)}</p>" for n in notes)
    # One style sheet instead of a style on every cell: half the bytes at every change.
    style = (
        f".daomap-legend{{font-size:.86rem;line-height:1.45;color:{theme.text}}}"
        f".daomap-legend p,.daomap-legend th,.daomap-legend td:last-child{{color:{theme.muted}}}"
        ".daomap-legend p{margin:4px 0 0;font-size:.86rem}.daomap-legend table{border-collapse:collapse;margin-top:4px}"
        ".daomap-legend td,.daomap-legend th{padding:2px 8px 2px 0;border:0;text-align:left}"
        ".daomap-legend th:last-child,.daomap-legend td:last-child{text-align:right;font-variant-numeric:tabular-nums}"
        ".daomap-legend th{font-size:.78rem;font-weight:400}"
        f".daomap-legend i{{display:inline-block;width:28px;height:16px;border:1px solid {theme.grid};border-radius:2px}}"
    )
    return (
        f'<style>{style}</style><div class="daomap-legend"><b>{escape(title)}</b><p>{escape(unit)}</p><table>'
        f"<thead><tr><th></th><th></th><th>{escape(caption)}</th></tr></thead><tbody>{body}</tbody></table>{lines}</div>"
    )
