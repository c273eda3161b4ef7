"""What opens an area when it is chosen: a row of a table, an area on a map, a dot of a scatter.

Streamlit keeps the callbacks of every widget a session has ever shown, as long as the session lives. These hold a key and codes
and nothing else; one written inside a panel would hold the panel's frames with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import streamlit as st

from ui.frame import go
from ui.map import clicked_code


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
            go(area=kept[rows[0]])

    return chosen


def map_opens(key: str) -> Callable[[], None]:
    """Callback of the map `key`: the area that was clicked is opened."""

    def clicked() -> None:
        code = clicked_code(st.session_state[key].selection)
        if code is not None:
            go(area=code)

    return clicked


def dot_opens(key: str) -> Callable[[], None]:
    """Callback of the scatter `key`: the area whose dot was clicked is opened; its code is the dot's ``customdata``."""

    def clicked() -> None:
        points = st.session_state[key].selection.get("points") or []
        code = points[0].get("customdata") if points else None
        code = code[0] if isinstance(code, (list, tuple)) and code else code
        if isinstance(code, str):
            go(area=code)

    return clicked
