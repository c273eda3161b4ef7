"""Two years of night light over each other, with a handle between them; and both saved as pictures that stand by themselves.

The pictures, the outlines and the names are fetched by the browser from addresses it can keep, so a rerun sends addresses and
words only: one to three kilobytes. Where the handle stands is the browser's business.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from analytics.light_scale import scale_of
from ui.palette import hex_of, light_colours
from ui.texts import Words

HEIGHT = 720
"""Pixels the picture is high at most; it keeps its shape and is as wide as that allows."""
_HERE = Path(__file__).resolve().parent
_SAFE = re.compile(r"[a-z0-9][a-z0-9.-]{0,99}\.png")
_COLOURS = 64

_mount = st.components.v2.component(
    "daomap_swipe",
    html=(_HERE / "swipe.html").read_text("utf-8"),
    css=(_HERE / "swipe.css").read_text("utf-8"),
    js=(_HERE / "swipe.js").read_text("utf-8"),
)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two years. All texts are in the language of the screen and may hold anything.

    Attributes
    ----------
    url : str
        Address of the close-up, from `warehouse.light_images.image_url` with an area.
    bounds : tuple of float, shape (4,)
        West, south, east, north of the close-up, from `warehouse.light_images.image_bounds`.
    year, year_long : str
        ``2555`` for the label and ``พ.ศ. 2555`` for the saved picture.
    period : str
        First and last day, where they are not the calendar year; may be empty.
    product : str
        Product, publisher and licence, for the saved picture.
    file : str
        Name under which it is saved.
    unit : str
        As in `analytics.light_scale`.
    modelled : bool
    """

    url: str
    bounds: tuple[float, float, float, float]
    year: str
    year_long: str
    period: str
    product: str
    file: str
    unit: str
    modelled: bool


def picture_name(product: str, code: str, year: int) -> str:
    """Name of a saved picture: product, area and year, nothing that a file system or a shell would read otherwise.

    Examples
    --------
    >>> picture_name("vnl-v21-average-masked", "5001", 2012)
    'daomap-light-vnl-v21-average-masked-5001-2012.png'
    """
    name = f"daomap-light-{product}-{code}-{year}.png".lower()
    if not _SAFE.fullmatch(name):
        raise ValueError(f"name of a picture: found {name!r}, expected letters, digits, dots and dashes")
    return name


def swipe(
    words: Words,
    before: Side,
    after: Side,
    *,
    place: str,
    lines: str | None,
    own: str | None = None,
    notes: Sequence[str] = (),
    key: str = "light_swipe",
) -> None:
    """Draw both years over each other.

    Parameters
    ----------
    words : Words
    before, after : Side
        Of one unit and one box.
    place : str
        Name of the area shown.
    lines : str or None
        Address of a layer whose areas are outlined and named.
    own : str, optional
        Code of the area in that layer whose outline is stressed.
    notes : sequence of str
        Caveats and sources, shown below and written into the saved pictures.

    Raises
    ------
    ValueError
        For two units or two boxes: a cell on the left would not be the cell on the right.
    """
    st_data = swipe_data(words, before, after, place=place, lines=lines, own=own, notes=notes)
    _mount(key=key, data=st_data, width="stretch", height="content")


def swipe_data(
    words: Words,
    before: Side,
    after: Side,
    *,
    place: str,
    lines: str | None,
    own: str | None = None,
    notes: Sequence[str] = (),
) -> dict[str, object]:
    """What `swipe` sends to the browser; parameters as there."""
    if before.unit != after.unit:
        raise ValueError(f"swipe: found {before.unit} and {after.unit}, expected one unit")
    if any(not math.isclose(a, b, abs_tol=1e-6) for a, b in zip(before.bounds, after.bounds, strict=True)):
        raise ValueError(f"swipe: found the boxes {before.bounds} and {after.bounds}, expected one")
    for url in (before.url, after.url, lines):
        if url is not None and (not url.startswith("/") or url.startswith("//")):
            raise ValueError(f"swipe: found {url!r}, expected an address of this server")
    scale = scale_of(after.unit)
    sides = []
    for side in (before, after):
        if not _SAFE.fullmatch(side.file):
            raise ValueError(f"swipe: found the file name {side.file!r}, expected one from picture_name")
        sides.append(
            {
                "url": side.url,
                "alt": words("swipe.alt", place=place, year=side.year_long),
                "year": side.year,
                "year_long": side.year_long,
                "period": side.period,
                "product": side.product,
                "file": side.file,
                "flag": words("swipe.modelled") if side.modelled else "",
            }
        )
    return {
        "language": words.language,
        "bounds": list(after.bounds),
        "most": HEIGHT,
        "sides": sides,
        "lines": lines,
        "own": own,
        "flag": words("swipe.modelled") if before.modelled or after.modelled else "",
        "notes": list(notes),
        "colours": [hex_of(colour) for colour in light_colours(_COLOURS)],
        "stops": [
            [round(float(at), 4), f"{stop:g}"]
            for stop, at in zip(scale.stops, scale.position(scale.stops), strict=True)
        ],
        "words": {
            "title": words("swipe.title", place=place),
            "legend": words("swipe.legend", unit=after.unit),
            "same_scale": words("swipe.same_scale"),
            **{
                name: words(f"swipe.{name}")
                for name in ("handle", "dark", "none", "save", "saved", "no_picture", "no_lines", "no_save")
            },
        },
    }
