"""What has to be said wherever made-up outlines are seen or leave the server."""

from __future__ import annotations

import streamlit as st

from geo.outlines import SCHEMATIC
from ui.frame import Context

_LEVELS = ("province", "district", "subdistrict")


def outline_lines(c: Context, *levels: str | None) -> list[str]:
    """Lines that say which of some levels are made up, plain text; empty where none is.

    Parameters
    ----------
    levels : str or None
        ``district`` and the like, ``village`` for its points; without any, all there are.
    """
    asked = levels or (*_LEVELS, "village")
    made_up = [
        level for level in dict.fromkeys(asked) if level and c.warehouse.outline_kind(level) == SCHEMATIC
    ]
    names = ", ".join(c.words(f"level.{level}") for level in made_up if level in _LEVELS)
    return [
        *([c.words("outlines.schematic", levels=names)] if names else []),
        *([c.words("outlines.villages")] if "village" in made_up else []),
    ]


def outline_note(c: Context, *levels: str | None) -> None:
    """The lines of `outline_lines` above a map, to be seen before it is."""
    for line in outline_lines(c, *levels):
        st.markdown(f":material/draw: **{line}**")
