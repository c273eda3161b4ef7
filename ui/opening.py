"""What opens an area when it is chosen: a row of a table, an area on a map, a dot of a scatter.

Streamlit keeps the callbacks of every widget a session has ever shown, as long as the session lives. These hold a key and codes
and nothing else; one written inside a panel would hold the panel's frames with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import streamlit as st

from ui.frame import context, go
from ui.map import clicked_code, clicked_point
from warehouse.report import QueryError


def row_opens(key: str, codes: Iterable[str]) -> Callable[[], None]:
    """Callback of the table `key`: the chosen row's area is opened.

    Parameters
    ----------
    codes : iterable of str
        Of the rows in their order.
    """
    kept = tuple(str(code) for code in codes)

    def chosen() -> None:
        rows = st.session_state[key].selection.rows
        if rows:
            _open(kept[rows[0]])

    return chosen


def map_opens(key: str, *, points: bool = False) -> Callable[[], None]:
    """Callback of the map `key`: the area that was clicked is opened.

    Parameters
    ----------
    points : bool
        Whether a point stands for an area too: a village, or a bubble for the area it was gathered in.
    """

    def clicked() -> None:
        selection = st.session_state[key].selection
        code = clicked_code(selection) or (clicked_point(selection) if points else None)
        if code is not None:
            _open(code)

    return clicked


def dot_opens(key: str) -> Callable[[], None]:
    """Callback of the scatter `key`: the area whose dot was clicked is opened; its code is the dot's ``customdata``."""

    def clicked() -> None:
        points = st.session_state[key].selection.get("points") or []
        code = points[0].get("customdata") if points else None
        code = code[0] if isinstance(code, (list, tuple)) and code else code
        if isinstance(code, str):
            _open(code)

    return clicked


def _open(code: str) -> None:
    """Open an area; of a village that is no area of the snapshot, its subdistrict."""
    try:
        go(area=context().warehouse.area(code).code)
    except QueryError:
        go(area=code[:6])
