"""The legend, drawn from the same class bounds as the map, with counts and the class of no data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ui.palette import RGB, Theme, hex_of, ink


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
    cells = [*rows, *([missing] if missing is not None else [])]
    body = "".join(
        f'<tr><td><i style="background:{hex_of(row.colour)}"></i></td><td>{escape(row.label)}</td><td>{row.count:,}</td></tr>'
        for row in cells
    )
    lines = "".join(f'<p class="strong">{escape(n)}</p>' for n in strong)
    lines += "".join(f"<p>{escape(n)}</p>" for n in notes)
    # One style sheet instead of a style on every cell: half the bytes at every change.
    style = (
        f".daomap-legend{{font-size:.86rem;line-height:1.45;color:{theme.text}}}"
        f".daomap-legend p,.daomap-legend th,.daomap-legend td:last-child{{color:{theme.muted}}}"
        f".daomap-legend p.strong{{color:{theme.text};font-weight:600}}"
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
    round_marks = ".daomap-dots .daomap-legend i{width:13px;height:13px;border-radius:50%}"
    return f'<style>{round_marks}</style><div class="daomap-dots">{inner}</div>'


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
        f'<p><i style="background:{hex_of(missing.colour)}"></i> {escape(missing.label)}: {missing.count:,}</p>'
        if missing is not None
        else ""
    )
    lines = "".join(f"<p>{escape(n)}</p>" for n in notes)
    style = (
        f".daomap-square{{font-size:.84rem;line-height:1.4;color:{theme.text}}}"
        f".daomap-square p,.daomap-square th,.daomap-square caption{{color:{theme.muted};font-weight:400;text-align:left}}"
        ".daomap-square p{margin:4px 0 0;font-size:.82rem}"
        ".daomap-square table{border-collapse:separate;border-spacing:2px;margin:4px 0}"
        ".daomap-square th{font-size:.72rem;border:0;padding:1px 4px;white-space:nowrap}"
        ".daomap-square tbody th{text-align:right}.daomap-square tfoot th{text-align:center}"
        f".daomap-square td{{min-width:46px;height:34px;text-align:center;border:1px solid {theme.grid};border-radius:2px;"
        "font-variant-numeric:tabular-nums;padding:0}"
        f".daomap-square i{{display:inline-block;width:20px;height:12px;border:1px solid {theme.grid};border-radius:2px}}"
    )
    return (
        f'<style>{style}</style><div class="daomap-square"><b>↑ {escape(y_title)}</b>'
        f"<table><caption>{escape(caption)}</caption><tbody>{body}</tbody>"
        f"<tfoot><tr><th></th>{head}</tr></tfoot></table><b>→ {escape(x_title)}</b>{absent}{lines}</div>"
    )
