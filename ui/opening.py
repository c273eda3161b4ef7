"""What happens when an area is chosen: a row of a table, an area on a map, a dot of a scatter.

The first press marks it, on the map and in the table alike; pressing it once more, or the button of `marked_bar`, opens it.

Streamlit keeps the callbacks of every widget a session has ever shown, as long as the session lives. These hold a key and codes
and nothing else; one written inside a panel would hold the panel's frames with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import streamlit as st

from ui.frame import Context, context, go
from ui.map import clicked_code, clicked_point
from ui.markdown import escape_markdown
from warehouse.report import QueryError


def row_opens(key: str, codes: Iterable[str]) -> Callable[[], None]:
    """Callback of the table `key`: the chosen row's area is marked; the row of a marked one opens it.

    To be called before the table is drawn: the row of an area that was marked elsewhere is chosen in it.

    Parameters
    ----------
    codes : iterable of str
        Of the rows in their order.
    """
    kept = tuple(str(code) for code in codes)
    mark = context().view.mark
    wanted, now = [kept.index(mark)] if mark in kept else [], st.session_state.get(key)
    if wanted != (list(now["selection"]["rows"]) if now else []):
        st.session_state[key] = {"selection": {"rows": wanted, "columns": [], "cells": []}}

    def chosen() -> None:
        rows = st.session_state[key].selection.rows
        # The table takes the choice of a chosen row back: that is its second press.
        code = kept[rows[0]] if rows else context().view.mark
        if code in kept:
            _choose(code)

    return chosen


def map_opens(key: str, *, points: bool = False) -> Callable[[], None]:
    """Callback of the map `key`: the area that was clicked is marked, and a marked one opened; beside all areas, no mark stays.

    Parameters
    ----------
    points : bool
        Whether a point stands for an area too: a village, or a bubble for the area it was gathered in. It is opened at once.
    """

    def clicked() -> None:
        selection = st.session_state[key].selection
        code, point = clicked_code(selection), clicked_point(selection) if points else None
        if code is not None:
            _choose(code)
        elif point is not None:
            _open(point)
        elif context().view.mark:
            go(mark="")

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


def _choose(code: str) -> None:
    if code == context().view.mark:
        _open(code)
        return
    try:
        go(mark=context().warehouse.area(code).code)
    except QueryError:
        _open(code)


def marked_bar(c: Context) -> None:
    """The marked area at the foot of the window, where it moves nothing: its name, a button that opens it and one that lets go."""
    if not c.view.mark or c.view.mark == c.area.code:
        return
    area = c.warehouse.area(c.view.mark)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="marked"):
        st.markdown(c.words("mark.chosen", area=escape_markdown(c.name(area))), width="content")
        st.button(
            c.words("mark.open"), icon=":material/zoom_in_map:", type="primary", key="open_marked",
            on_click=go, kwargs={"area": area.code},
        )  # fmt: skip
        st.button(
            c.words("mark.leave"), icon=":material/close:", type="tertiary", key="leave_marked",
            on_click=go, kwargs={"mark": ""},
        )  # fmt: skip


def _open(code: str) -> None:
    """Open an area; of a village that is no area of the snapshot, its subdistrict."""
    try:
        go(area=context().warehouse.area(code).code)
    except QueryError:
        go(area=code[:6])
