"""The legend of a map of classes, whose rows are buttons: one class is looked at alone, by mouse and by keyboard.

The browser is sent words and colours, and tells which row was pressed. What is drawn alone stands in the address (`View.only`), so
only the map's specification changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from ui.frame import Context, context, go
from ui.legend import LegendRow
from ui.palette import hex_of

_mount = st.components.v2.component(
    "daomap_live_legend",
    html='<div class="daomap-legend"></div>',
    js=(Path(__file__).resolve().parent / "live_legend.js").read_text("utf-8"),
    isolate_styles=False,  # dressed by the page's own sheet, as every other legend
)


def live_legend(
    c: Context,
    title: str,
    unit: str,
    rows: Sequence[LegendRow],
    missing: LegendRow | None,
    notes: Sequence[str],
    caption: str,
    strong: Sequence[str] = (),
    *,
    key: str,
) -> None:
    """Draw the legend of an `ui.map.AreaLayer` that was given ``only=c.view.only``; parameters as of `ui.legend.legend_html`."""
    _mount(
        key=key,
        data=legend_data(c, title, unit, rows, missing, notes, caption, strong),
        height="content",
        on_pressed_change=_press(key),
    )


def legend_data(
    c: Context,
    title: str,
    unit: str,
    rows: Sequence[LegendRow],
    missing: LegendRow | None,
    notes: Sequence[str],
    caption: str,
    strong: Sequence[str] = (),
) -> dict[str, object]:
    """What `live_legend` sends to the browser: plain texts, put in as text there."""
    cells = [(row, "") for row in rows] + ([(missing, "none")] if missing is not None else [])
    return {
        "title": title,
        "unit": unit,
        "caption": caption,
        "rows": [[hex_of(row.colour), row.label, f"{row.count:,}", row.key, kind] for row, kind in cells],
        "strong": list(strong),
        "notes": list(notes),
        "only": c.view.only,
        "press": c.words("legend.press"),
        "all": c.words("legend.show_all"),
    }


def _press(key: str) -> Callable[[], None]:
    """Callback that holds nothing but a key, as those of `ui.opening`."""

    def pressed() -> None:
        chosen = st.session_state[key]["pressed"]
        go(only="" if chosen == context().view.only else str(chosen))

    return pressed
