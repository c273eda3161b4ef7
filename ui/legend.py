"""The legend, drawn from the same class bounds as the map, with counts and the class of no data; `ui.style` has its looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ui.palette import RGB, Theme, hex_of, ink


@dataclass(frozen=True, slots=True)
class LegendRow:
    """One class: its colour, what it says and how many areas are in it.

    Attributes
    ----------
    key : str
        What `ui.state.View.only` calls it; empty where it cannot be looked at alone.
    """

    colour: RGB
    label: str
    count: int
    key: str = ""


def legend_html(
    title: str,
    unit: str,
    rows: Sequence[LegendRow],
    missing: LegendRow | None,
    notes: Sequence[str],
    theme: Theme,
    caption: str,
    strong: Sequence[str] = (),
) -> str:
    """HTML of a legend; every text is escaped, so names and sources from files stay text.

    Parameters
    ----------
    caption : str
        Heading of the column of counts, such as ``"areas"``, read by screen readers.
    strong : sequence of str
        Lines that must not be missed, above the others.
    """
    cells = [(row, "") for row in rows] + ([(missing, ' class="none"')] if missing is not None else [])
    body = "".join(
        f'<tr><td><i{kind} style="background-color:{hex_of(row.colour)}"></i></td><td>{escape(row.label)}</td>'
        f"<td>{row.count:,}</td></tr>"
        for row, kind in cells
    )
    lines = "".join(f'<p class="strong">{escape(n)}</p>' for n in strong)
    lines += "".join(f"<p>{escape(n)}</p>" for n in notes)
    return (
        f'<div class="daomap-legend"><b>{escape(title)}</b><p>{escape(unit)}</p><table>'
        f"<thead><tr><td></td><td></td><th scope='col'>{escape(caption)}</th></tr></thead>"
        f"<tbody>{body}</tbody></table>{lines}</div>"
    )


def dots_html(
    title: str,
    unit: str,
    rows: Sequence[LegendRow],
    notes: Sequence[str],
    theme: Theme,
    caption: str,
) -> str:
    """HTML of the legend of points, as `legend_html` with round marks."""
    inner = legend_html(title, unit, rows, None, notes, theme, caption)
    return f'<div class="daomap-dots">{inner}</div>'


def square_html(
    colours: Sequence[Sequence[RGB]],
    counts: Sequence[Sequence[int]],
    x_labels: Sequence[str],
    y_labels: Sequence[str],
    x_title: str,
    y_title: str,
    missing: LegendRow | None,
    notes: Sequence[str],
    theme: Theme,
    caption: str,
) -> str:
    """HTML of the legend of a map of two indicators: a square with the areas counted in each of its fields.

    A plain table, so a screen reader says row, column and count; every text is escaped.

    Parameters
    ----------
    colours, counts : shape (classes of y, classes of x)
        From the lowest class of y; the highest is drawn on top.
    x_labels, y_labels : sequence of str
        What each class says, from the lowest.
    x_title, y_title : str
        Names of the two indicators with their units; an arrow says which way they rise.
    missing : LegendRow or None
    caption : str
        What is counted, read before the table.
    """
    head = "".join(f'<th scope="col">{escape(label)}</th>' for label in x_labels)
    body = "".join(
        f'<tr><th scope="row">{escape(label)}</th>'
        + "".join(
            f'<td style="background:{hex_of(colour)};color:{hex_of(ink(colour))}">{n:,}</td>'
            for colour, n in zip(row, line, strict=True)
        )
        + "</tr>"
        for label, row, line in reversed(list(zip(y_labels, colours, counts, strict=True)))
    )
    absent = (
        f'<p><i class="none" style="background-color:{hex_of(missing.colour)}"></i> {escape(missing.label)}: {missing.count:,}</p>'
        if missing is not None
        else ""
    )
    lines = "".join(f"<p>{escape(n)}</p>" for n in notes)
    return (
        f'<div class="daomap-square"><b>↑ {escape(y_title)}</b>'
        f"<table><caption>{escape(caption)}</caption><tbody>{body}</tbody>"
        f"<tfoot><tr><td></td>{head}</tr></tfoot></table><b>→ {escape(x_title)}</b>{absent}{lines}</div>"
    )
