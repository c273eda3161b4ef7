"""Legends of the overlay map as data, so that the screen and the printed sheet say the same, and their HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ui.palette import RGB, Theme, hex_of, ink
from ui.style import NOTE, SMALL


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a legend: colour, words, and how many (None: not counted).

    Attributes
    ----------
    symbol : str
        ``swatch``, ``line``, ``ring``, one of `ui.print_map.SYMBOLS`, or one of `ui.print_map.PATTERNS` for a swatch with it.
    """

    colour: RGB
    label: str
    count: str | None = None
    symbol: str = "swatch"


@dataclass(frozen=True, slots=True)
class Square:
    """The legend of two indicators: fields from the lowest class of y, and in a row from the lowest of x.

    Attributes
    ----------
    colours : sequence of sequences of RGB, shape (classes of y, classes of x)
    counts : sequence of sequences of str, the same shape
    x_labels, y_labels : sequence of str
    x_title, y_title : str
    """

    colours: Sequence[Sequence[RGB]]
    counts: Sequence[Sequence[str]]
    x_labels: Sequence[str]
    y_labels: Sequence[str]
    x_title: str
    y_title: str


@dataclass(frozen=True, slots=True)
class Ramp:
    """The legend of a picture: colours from the least, and marks as place (0 to 1) and text."""

    colours: Sequence[RGB]
    marks: Sequence[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class Legend:
    """What must stand beside a layer wherever it goes.

    Attributes
    ----------
    title, unit : str
    rows : sequence of Row
    square : Square or None
    ramp : Ramp or None
    strong : sequence of str
        Lines that must not be missed.
    notes : sequence of str
        Year, level, method, source.
    """

    title: str
    unit: str = ""
    rows: Sequence[Row] = ()
    square: Square | None = None
    ramp: Ramp | None = None
    strong: Sequence[str] = ()
    notes: Sequence[str] = ()


def legend_sheet(theme: Theme) -> str:
    """The style of all legends, sent once for all layers."""
    return (
        f"<style>.ol{{font-size:{NOTE};line-height:1.42;color:{theme.text}}}"
        f".ol p,.ol .u,.ol td:last-child,.ol th{{color:{theme.muted};font-weight:400}}.ol p{{margin:3px 0 0;font-size:{SMALL}}}"
        f".ol p.s{{color:{theme.text};font-weight:600}}"
        ".ol table{border-collapse:collapse;margin-top:3px}.ol td{padding:1px 8px 1px 0;border:0;text-align:left}"
        f".ol td:last-child{{text-align:right;font-variant-numeric:tabular-nums}}.ol th{{font-size:{SMALL};padding:0 3px;border:0}}"
        f".ol i{{display:inline-block;width:26px;height:14px;border:1px solid {theme.grid};border-radius:2px}}"
        f".ol i.l{{height:0;border:0;border-top:3px solid;border-radius:0;vertical-align:4px}}"
        ".ol i.d{width:12px;height:12px;border-radius:50%;margin:0 7px}"
        ".ol i.o{box-sizing:border-box;background:transparent;border:3px solid}"
        ".ol .q td{min-width:40px;height:28px;padding:0;text-align:center;border:1px solid;border-radius:2px}"
        f".ol .r{{height:12px;border:1px solid {theme.grid};margin:4px 14px 0}}"
        f".ol .m{{position:relative;height:1.2em;margin:0 14px;font-size:{SMALL}}}"
        ".ol .m span{position:absolute;transform:translateX(-50%)}</style>"
    )


def legend_html(legend: Legend) -> str:
    """A legend's HTML without its title, to stand after `legend_sheet`; every text is escaped."""
    parts = ['<div class="ol">']
    if legend.unit:
        parts.append(f'<span class="u">{escape(legend.unit)}</span>')
    parts += [f'<p class="s">{escape(line)}</p>' for line in legend.strong]
    if legend.ramp is not None:
        stops = ",".join(hex_of(c) for c in legend.ramp.colours)
        marks = "".join(
            f'<span style="left:{100 * at:.1f}%">{escape(text)}</span>' for at, text in legend.ramp.marks
        )
        parts.append(
            f'<div class="r" style="background:linear-gradient(90deg,{stops})"></div><div class="m">{marks}</div>'
        )
    if legend.square is not None:
        parts.append(_square(legend.square))
    if legend.rows:
        rows = "".join(
            f"<tr><td>{_mark(row)}</td><td>{escape(row.label)}</td><td>{escape(row.count or '')}</td></tr>"
            for row in legend.rows
        )
        parts.append(f"<table>{rows}</table>")
    parts += [f"<p>{escape(line)}</p>" for line in legend.notes]
    return "".join([*parts, "</div>"])


def _mark(row: Row) -> str:
    if row.symbol == "line":
        return f'<i class="l" style="border-color:{hex_of(row.colour)}"></i>'
    if row.symbol == "ring":
        return f'<i class="d o" style="border-color:{hex_of(row.colour)}"></i>'
    # The map on the screen draws every point as a dot, and no pattern over an area.
    shape = "" if row.symbol in ("swatch", "none", "hidden") else ' class="d"'
    return f'<i{shape} style="background:{hex_of(row.colour)}"></i>'


def _square(square: Square) -> str:
    lines = zip(square.y_labels, square.colours, square.counts, strict=True)
    body = "".join(
        f'<tr><th scope="row">{escape(label)}</th>'
        + "".join(
            f'<td style="background:{hex_of(colour)};color:{hex_of(ink(colour))}">{escape(n)}</td>'
            for colour, n in zip(row, counts, strict=True)
        )
        + "</tr>"
        for label, row, counts in reversed(list(lines))
    )
    foot = "".join(f"<th>{escape(label)}</th>" for label in square.x_labels)
    return (
        f'<p>↑ {escape(square.y_title)}</p><table class="q"><tbody>{body}</tbody><tfoot><tr><th></th>{foot}</tr></tfoot></table>'
        f"<p>→ {escape(square.x_title)}</p>"
    )
