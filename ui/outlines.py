"""What has to be said wherever made-up numbers or outlines are seen or leave the server."""

from __future__ import annotations

import streamlit as st

from geo.outlines import SCHEMATIC
from ui.frame import Context

_LEVELS = ("province", "district", "subdistrict")


def outline_lines(c: Context, *levels: str | None) -> list[str]:
    """Lines that say that the numbers, and which of some levels, are made up, plain text; empty where nothing is.

    Parameters
    ----------
    levels : str or None
        ``district`` and the like, ``village`` for its points; without any, all there are.
    """
    return [*synthetic_lines(c), *_outlines(c, *levels)]


def synthetic_lines(c: Context) -> list[str]:
    """The line that goes with the synthetic country wherever it is taken, for what shows no outlines."""
    return [c.words("workshop.badge")] if c.synthetic else []


def _outlines(c: Context, *levels: str | None) -> list[str]:
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
    """Which outlines are made up, above a map, to be seen before it is; of the numbers the band on top speaks."""
    for line in _outlines(c, *levels):
        st.markdown(f":material/draw: **{line}**")
