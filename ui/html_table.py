"""A small table as one element: plain HTML for screen readers, which scrolls by itself where the screen is narrow."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ui.palette import Theme


def table_html(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    label: str,
    theme: Theme,
    *,
    text: Sequence[int] = (0,),
) -> str:
    """HTML of a table; every text is escaped.

    Parameters
    ----------
    headings, rows : sequence of str
        The first cell of a row names it.
    label : str
        What the table is, for screen readers.
    text : sequence of int
        Columns of words, set to the left; the others hold numbers and are set to the right.
    """
    style = (
        f".daomap-table{{overflow-x:auto;font-size:.92rem;line-height:1.5;color:{theme.text}}}"
        f".daomap-table:focus-visible{{outline:2px solid {theme.accent};outline-offset:2px}}"
        ".daomap-table table{border-collapse:collapse;width:100%}"
        f".daomap-table th,.daomap-table td{{border:0;border-bottom:1px solid {theme.grid};padding:6px 10px;"
        "text-align:right;font-weight:400;font-variant-numeric:tabular-nums;vertical-align:top}"
        f".daomap-table thead th{{color:{theme.muted};font-size:.84rem;vertical-align:bottom}}"
        ".daomap-table .w{text-align:left}.daomap-table .w:first-child{min-width:10.5rem}"
    )

    def cell(tag: str, place: int, value: str, scope: str = "") -> str:
        kind = ' class="w"' if place in text else ""
        return f"<{tag}{kind}{scope}>{escape(value)}</{tag}>"

    head = "".join(cell("th", i, name, ' scope="col"') for i, name in enumerate(headings))
    body = "".join(
        "<tr>"
        + "".join(
            cell("th", i, value, ' scope="row"') if i == 0 else cell("td", i, value)
            for i, value in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    # In reach of the keyboard, which has to scroll it too.
    return (
        f'<style>{style}</style><div class="daomap-table" tabindex="0" role="region" aria-label="{escape(label)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
