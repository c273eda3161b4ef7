"""A map on paper: PDF or PNG, A4 or A3, landscape or portrait, from the numbers and outlines the screen shows.

The map is drawn here as vectors (SVG) and laid out by Typst from the fixed template ``print_map.typ``, with Noto Sans Thai
from its package and no font of the system. Everything written on the sheet reaches the template as data, never as source,
and the drawing holds numbers, colours and pictures only: no name from a file can become part of a program.

The projection is spherical Mercator (EPSG:3857), in which angles and so the shapes of areas are kept, and in which pictures of
night light are stored already. Its scale grows with latitude: scale bar and scale hold at the middle latitude of the sheet,
and the sheet says by how much they differ at its upper and lower edge.
"""

from __future__ import annotations

import base64
import json
import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from analytics.formatting import number
from ui.overlay_legend import Legend
from ui.palette import RGB, hex_of
from ui.qr import qr_svg

DPI: Final = 200
SUFFIXES: Final = ("pdf", "png")
TYPES: Final[Mapping[str, str]] = {"pdf": "application/pdf", "png": "image/png"}
TEMPLATE: Final = Path(__file__).with_name("print_map.typ")
PATIENCE: Final = 20.0
"""Seconds a print waits for those before it."""

Box = tuple[float, float, float, float]
Floats = npt.NDArray[np.float64]
_RADIUS, _FLATTENING = 6_378_137.0, 1 / 298.257223563  # WGS 84
_MARGIN, _HEADER, _FOOTER, _GAP = 10.0, 14.0, 22.0, 3.0  # mm on A4
_LEGEND = {True: 68.0, False: 58.0}
_ROOM = 0.03  # of the frame, left free around the area


class PrintBusy(RuntimeError):  # noqa: N818 - reads as what it is
    """Other prints hold the machine; to be tried again."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A sheet. A3 is A4 enlarged by the root of two, texts and lines with it.

    Attributes
    ----------
    name : str
        ``a4`` or ``a3``.
    landscape : bool
    """

    name: str
    landscape: bool

    def __post_init__(self) -> None:
        if self.name not in ("a4", "a3"):
            raise ValueError(f"paper: found {self.name!r}, expected a4 or a3")

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in mm."""
        short, long = (210.0, 297.0) if self.name == "a4" else (297.0, 420.0)
        return (long, short) if self.landscape else (short, long)

    @property
    def unit(self) -> float:
        """What lengths of the A4 sheet are multiplied by."""
        return 1.0 if self.name == "a4" else math.sqrt(2)

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height of the picture at `DPI`, as Typst rounds them."""
        width, height = self.size
        return round(width / 25.4 * DPI), round(height / 25.4 * DPI)

    @property
    def frame(self) -> tuple[float, float]:
        """Width and height of the map in mm."""
        width, height = self.size
        unit = self.unit
        return (
            width - (2 * _MARGIN + _LEGEND[self.landscape] + _GAP + 1) * unit,
            height - (2 * _MARGIN + _HEADER + _FOOTER + 2 * _GAP) * unit,
        )


PAPERS: Final = tuple(Paper(name, landscape) for name in ("a4", "a3") for landscape in (False, True))


# ------------------------------------------------------------------------------------------------------------
# Where things lie on the sheet


def _mercator(latitude: float) -> float:
    return math.asinh(math.tan(math.radians(latitude)))


def _circle(latitude: float) -> float:
    """Metres of a radian of longitude on the ellipsoid."""
    sine = math.sin(math.radians(latitude))
    e2 = _FLATTENING * (2 - _FLATTENING)
    return _RADIUS / math.sqrt(1 - e2 * sine * sine) * math.cos(math.radians(latitude))


@dataclass(frozen=True, slots=True)
class Sheet:
    """The part of the world that a frame shows.

    Attributes
    ----------
    west, north : float
        Of the frame's upper left corner: longitude in radians, and spherical Mercator northing in radians.
    scale : float
        Millimetres on paper of a radian.
    width, height : float
        Of the frame in mm.
    latitude : float
        Degrees; where scale bar and scale hold.
    """

    west: float
    north: float
    scale: float
    width: float
    height: float
    latitude: float

    @classmethod
    def fit(cls, bbox: Box, frame: tuple[float, float]) -> Sheet:
        """Fit west, south, east, north (degrees, EPSG:4326) into a frame in mm, with a little room around."""
        west, south, east, north = bbox
        width, height = frame
        across = max(math.radians(east - west), 1e-5)
        top, bottom = _mercator(north), _mercator(south)
        up = max(top - bottom, 1e-5)
        scale = min(width / across, height / up) / (1 + 2 * _ROOM)
        middle = (top + bottom) / 2
        return cls(
            math.radians((east + west) / 2) - width / scale / 2,
            middle + height / scale / 2,
            scale,
            width,
            height,
            math.degrees(math.atan(math.sinh(middle))),
        )

    @property
    def bounds(self) -> Box:
        """West, south, east, north of the frame in degrees."""
        bottom = self.north - self.height / self.scale
        return (
            math.degrees(self.west),
            math.degrees(math.atan(math.sinh(bottom))),
            math.degrees(self.west + self.width / self.scale),
            math.degrees(math.atan(math.sinh(self.north))),
        )

    def place(self, lonlat: Floats) -> Floats:
        """Millimetres from the upper left corner of the frame; shape (n, 2), longitude and latitude in degrees."""
        x = (np.radians(lonlat[:, 0]) - self.west) * self.scale
        y = (self.north - np.arcsinh(np.tan(np.radians(lonlat[:, 1])))) * self.scale
        return np.column_stack([x, y])

    @property
    def metres(self) -> float:
        """Metres on the ground of a millimetre on paper, from west to east at `latitude`."""
        return _circle(self.latitude) / self.scale

    @property
    def deviation(self) -> float:
        """Percent by which the scale at the upper or lower edge of the frame differs most from that at `latitude`."""
        _, south, _, north = self.bounds
        return max(abs(100 * (_circle(self.latitude) / _circle(at) - 1)) for at in (south, north))

    @property
    def bar(self) -> float:
        """Length of the scale bar in metres: the largest of 1, 2, 5 x 10^n that is no longer than 0.3 of the frame."""
        most = 0.3 * self.width * self.metres
        ten = 10.0 ** math.floor(math.log10(most))
        return next(step * ten for step in (5, 2, 1) if step * ten <= most)

    @property
    def ratio(self) -> int:
        """``1 : ratio``, to two figures."""
        exact = 1000 * self.metres
        digits = 10 ** (math.floor(math.log10(exact)) - 1)
        return round(exact / digits) * int(digits)


# ------------------------------------------------------------------------------------------------------------
# What lies on the map, from the bottom to the top


@dataclass(frozen=True, slots=True)
class Areas:
    """Areas filled with colours, or outlines alone.

    Attributes
    ----------
    shapes : mapping of str to str
        Code to GeoJSON geometry (EPSG:4326).
    colours : mapping of str to RGB, or None
        By code; areas that are not in it, and all where it is None, have no fill.
    line : RGB
        Colour of the outlines.
    width : float
        Of the outlines on A4, in mm.
    opacity : float
        0 to 1.
    marks : mapping of str to str
        Code to one of `PATTERNS`, laid over the fill, so that a copy without colours still tells these areas apart.
    """

    shapes: Mapping[str, str]
    colours: Mapping[str, RGB] | None
    line: RGB
    width: float
    opacity: float = 1.0
    marks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture whose rows are evenly spaced in Web Mercator.

    Attributes
    ----------
    png : bytes
    bounds : tuple of float
        West, south, east, north of its outer edges in degrees.
    opacity : float
    """

    png: bytes
    bounds: Box
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Points:
    """Points of one symbol.

    Attributes
    ----------
    lonlat : ndarray of float, shape (n, 2)
        Degrees (EPSG:4326).
    colours : sequence of RGB, length n
    symbol : str
        Of `SYMBOLS`, or `RING` for a circle that is not filled.
    size : float
        Across, on A4, in mm.
    opacity : float
    """

    lonlat: Floats
    colours: Sequence[RGB]
    symbol: str
    size: float
    opacity: float = 1.0


SYMBOLS: Final[Mapping[str, tuple[tuple[float, float], ...]]] = {
    "circle": (),
    "square": ((-0.45, -0.45), (0.45, -0.45), (0.45, 0.45), (-0.45, 0.45)),
    "diamond": ((0, -0.62), (0.62, 0), (0, 0.62), (-0.62, 0)),
    "triangle": ((0, -0.6), (0.58, 0.42), (-0.58, 0.42)),
}
"""Corners of a symbol of size 1 around its point, y downwards; the circle has none."""

RING: Final = "ring"
NO_DATA, HIDDEN = "none", "hidden"
PATTERNS: Final[Mapping[str, str]] = {
    NO_DATA: "M-.3,.3 .3,-.3M0,1.5 1.5,0M1.2,1.8 1.8,1.2",
    HIDDEN: "M-.3,.3 .3,-.3M0,1.5 1.5,0M1.2,1.8 1.8,1.2M-.3,1.2 .3,1.8M0,0 1.5,1.5M1.2,-.3 1.8,.3",
}
"""Lines of a tile of 1.5 mm: one way where there is no data, both ways where numbers are hidden."""
_HATCH: Final[RGB] = (120, 132, 140)

Drawn = Areas | Picture | Points


def svg(drawn: Sequence[Drawn], sheet: Sheet, unit: float = 1.0, ground: RGB = (255, 255, 255)) -> str:
    """The map as SVG in millimetres of the sheet.

    Parameters
    ----------
    drawn : sequence
        From the bottom to the top.
    unit : float
        `Paper.unit`: line widths and symbols grow with the sheet.
    ground : RGB
        Of what nothing is drawn on.

    Raises
    ------
    ValueError
        For a symbol or a mark that is not known.
    """
    body = "".join(_part(part, sheet, unit) for part in drawn)
    marked = any(isinstance(part, Areas) and part.marks for part in drawn)
    patterns = "".join(
        f'<pattern id="{name}" patternUnits="userSpaceOnUse" width="1.5" height="1.5" patternTransform="scale({unit:.4f})">'
        f'<path d="{lines}" fill="none" stroke="{hex_of(_HATCH)}" stroke-width="0.16"/></pattern>'
        for name, lines in (PATTERNS if marked else {}).items()
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {sheet.width:.3f} {sheet.height:.3f}"><defs>{patterns}</defs>'
        f'<rect width="{sheet.width:.3f}" height="{sheet.height:.3f}" fill="{hex_of(ground)}"/>{body}</svg>'
    )


def _part(part: Drawn, sheet: Sheet, unit: float) -> str:
    if isinstance(part, Areas):
        return _areas(part, sheet, unit)
    if isinstance(part, Picture):
        return _picture(part, sheet)
    return _points(part, sheet, unit)


def _areas(part: Areas, sheet: Sheet, unit: float) -> str:
    codes = list(part.shapes)
    shapes = shapely.from_geojson(list(part.shapes.values()))
    west, south, east, north = sheet.bounds
    edges = shapely.bounds(shapes)
    # What does not reach into the frame is left out; NaN, of an empty shape, does not either.
    inside = (edges[:, 0] <= east) & (edges[:, 2] >= west) & (edges[:, 1] <= north) & (edges[:, 3] >= south)
    by_colour: dict[str, list[str]] = {}
    hatched: dict[str, list[str]] = {}
    for place in np.flatnonzero(inside):
        code = codes[place]
        fill = (part.colours or {}).get(code)
        path = _path(shapes[place], sheet)
        by_colour.setdefault("none" if fill is None else hex_of(fill), []).append(path)
        if code in part.marks:
            if part.marks[code] not in PATTERNS:
                raise ValueError(f"mark: found {part.marks[code]!r}, expected one of {', '.join(PATTERNS)}")
            hatched.setdefault(f"url(#{part.marks[code]})", []).append(path)
    paths = "".join(
        # Each area is a path of its own, so that one shape's hole is not another's fill.
        f'<g fill="{fill}">' + "".join(f'<path d="{d}"/>' for d in found) + "</g>"
        for fill, found in (*by_colour.items(), *hatched.items())
    )
    return (
        f'<g fill-rule="evenodd" stroke="{hex_of(part.line)}" stroke-width="{part.width * unit:.3f}" '
        f'stroke-linejoin="round" opacity="{part.opacity:.3f}">{paths}</g>'
    )


def _path(shape: shapely.Geometry, sheet: Sheet) -> str:
    rings = []
    for polygon in shapely.get_parts(shape):
        for ring in (polygon.exterior, *polygon.interiors):
            # A fiftieth of a millimetre is finer than any printer; corners that fall together are written once.
            xy = np.round(sheet.place(shapely.get_coordinates(ring)), 2)
            keep = np.ones(len(xy), dtype=bool)
            keep[1:] = (xy[1:] != xy[:-1]).any(axis=1)
            rings.append("M" + " ".join(f"{x:g},{y:g}" for x, y in xy[keep].tolist()) + "Z")
    return "".join(rings)


def _picture(part: Picture, sheet: Sheet) -> str:
    west, south, east, north = part.bounds
    (x0, y0), (x1, y1) = sheet.place(np.array([[west, north], [east, south]])).tolist()
    data = base64.b64encode(part.png).decode("ascii")
    return (
        f'<image x="{x0:.3f}" y="{y0:.3f}" width="{x1 - x0:.3f}" height="{y1 - y0:.3f}" opacity="{part.opacity:.3f}" '
        f'preserveAspectRatio="none" href="data:image/png;base64,{data}"/>'
    )


def _points(part: Points, sheet: Sheet, unit: float) -> str:
    hollow = part.symbol == RING
    if part.symbol not in SYMBOLS and not hollow:
        raise ValueError(f"symbol: found {part.symbol!r}, expected one of {', '.join((*SYMBOLS, RING))}")
    if not len(part.lonlat):
        return ""
    xy = np.round(sheet.place(np.asarray(part.lonlat, dtype=np.float64)), 2)
    size = part.size * unit
    inside = np.all((xy >= -size) & (xy <= [sheet.width + size, sheet.height + size]), axis=1)
    by_colour: dict[str, list[str]] = {}
    corners = () if hollow else SYMBOLS[part.symbol]
    if corners:
        steps = np.round(np.diff(np.array([*corners, corners[0]]) * size, axis=0)[:-1], 2).tolist()
        outline = "l" + " ".join(f"{x:g},{y:g}" for x, y in steps) + "z"
        start = np.array(corners[0]) * size
    for place in np.flatnonzero(inside):
        x, y = xy[place].tolist()
        # A stroke without length and with round ends is a disc, in a quarter of the bytes of one.
        d = f"M{x + start[0]:.2f},{y + start[1]:.2f}{outline}" if corners else f"M{x:g},{y:g}h.01"
        by_colour.setdefault(hex_of(part.colours[place]), []).append(d)
    rim = min(0.14 * unit, 0.12 * size)
    out = []
    for colour, found in by_colour.items():
        d = "".join(found)
        if corners:
            out.append(f'<path d="{d}" fill="{colour}" stroke="#ffffff" stroke-width="{rim:.3f}"/>')
        else:
            ends = 'fill="none" stroke-linecap="round"'
            out.append(f'<path d="{d}" {ends} stroke="#ffffff" stroke-width="{size + rim:.3f}"/>')
            out.append(f'<path d="{d}" {ends} stroke="{colour}" stroke-width="{size:.3f}"/>')
            if hollow:
                out.append(f'<path d="{d}" {ends} stroke="#ffffff" stroke-width="{size * 0.55:.3f}"/>')
    return f'<g opacity="{part.opacity:.3f}">{"".join(out)}</g>'


# ------------------------------------------------------------------------------------------------------------
# What is written beside it


@dataclass(frozen=True, slots=True)
class Document:
    """A sheet's words, in one language.

    Attributes
    ----------
    title, subtitle : str
    badges : sequence of str
        What must not be missed: made-up or modelled data.
    legends : sequence of Legend
        From the top layer to the bottom one.
    footer : sequence of str
        Caveats, projection, snapshot, date.
    link : str
        Address of the view, printed as it is and as a QR code; empty for none.
    language : str
    north, scale_words, alt : str
        Letter of the north arrow, the word before the scale, and what the map shows for those who cannot see it.
    metre, kilometre : str
    """

    title: str
    subtitle: str
    badges: Sequence[str]
    legends: Sequence[Legend]
    footer: Sequence[str]
    link: str
    language: str
    north: str
    scale_words: str
    alt: str
    metre: str = "m"
    kilometre: str = "km"
    made: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))


def _words(document: Document, sheet: Sheet, paper: Paper) -> dict[str, Any]:
    bar = sheet.bar
    unit, divisor = (document.kilometre, 1000) if bar >= 1000 else (document.metre, 1)
    return {
        "language": document.language,
        "unit": paper.unit,
        "page": list(paper.size),
        "frame": [sheet.width, sheet.height],
        "legend_width": _LEGEND[paper.landscape],
        "lengths": {"margin": _MARGIN, "header": _HEADER, "footer": _FOOTER, "gap": _GAP},
        "title": document.title,
        "subtitle": document.subtitle,
        "badges": list(document.badges),
        "legends": [_legend(legend) for legend in document.legends],
        "footer": list(document.footer),
        "link": document.link,
        "qr": qr_svg(document.link),
        "north": document.north,
        "alt": document.alt,
        "bar": {
            "width": bar / sheet.metres,
            # Half of 1 and of 5 has a decimal, half of the other lengths has none.
            "half": number(bar / divisor / 2, 0 if bar / divisor % 2 == 0 else 1),
            "whole": f"{number(bar / divisor, 0)} {unit}",
        },
        "ratio": f"{document.scale_words} 1 : {number(sheet.ratio, 0)}",
    }


def _legend(legend: Legend) -> dict[str, Any]:
    square = legend.square
    return {
        "title": legend.title,
        "unit": legend.unit,
        "rows": [
            {"colour": hex_of(r.colour), "label": r.label, "count": r.count, "symbol": r.symbol}
            for r in legend.rows
        ],
        "square": square and {
            "colours": [[hex_of(c) for c in line] for line in square.colours],
            "counts": [list(line) for line in square.counts],
            "x_labels": list(square.x_labels),
            "y_labels": list(square.y_labels),
            "x_title": square.x_title,
            "y_title": square.y_title,
        },
        "ramp": legend.ramp and {
            "colours": [hex_of(c) for c in legend.ramp.colours],
            "marks": [list(mark) for mark in legend.ramp.marks],
        },
        "strong": list(legend.strong),
        "notes": list(legend.notes),
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------------------
# The sheet

_printing = threading.Lock()


@contextmanager
def _queue(patience: float) -> Iterator[None]:
    if not _printing.acquire(timeout=patience):
        raise PrintBusy(f"another print took more than {patience:g} seconds; try again")
    try:
        yield
    finally:
        _printing.release()


@cache
def _fonts() -> Any:
    import typst

    # Typst's own fonts stand in for signs that Noto Sans Thai lacks, such as a star; the system's are not looked at.
    folder = files("fontpkg_noto_sans_thai") / "files"
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(folder)])


def render(
    document: Document,
    drawn: Sequence[Drawn],
    bbox: Box,
    paper: Paper,
    suffix: str,
    *,
    ground: RGB = (255, 255, 255),
    patience: float = PATIENCE,
) -> bytes:
    """Draw a map on a sheet of paper.

    Parameters
    ----------
    document : Document
        Words.
    drawn : sequence
        The map, from the bottom to the top.
    bbox : tuple of float
        West, south, east, north in degrees (EPSG:4326) that the frame shows whole.
    paper : Paper
    suffix : str
        ``pdf``, or ``png`` at `DPI` dots an inch.
    patience : float
        Seconds to wait for the prints of other people: one is made at a time in a process.

    Returns
    -------
    bytes
        One page.

    Raises
    ------
    PrintBusy
        When the ones before took longer than `patience`.
    """
    if suffix not in SUFFIXES:
        raise ValueError(f"kind of print: found {suffix!r}, expected one of {', '.join(SUFFIXES)}")
    import typst  # 30 MB that only the first print has to wait for

    sheet = Sheet.fit(bbox, paper.frame)
    with _queue(patience):
        made = typst.compile(
            TEMPLATE.read_bytes(),
            root=str(TEMPLATE.parent),
            format=suffix,  # type: ignore[call-overload]
            ppi=float(DPI),
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={
                "words": json.dumps(_words(document, sheet, paper), ensure_ascii=False),
                "map": svg(drawn, sheet, paper.unit, ground),
            },
            timestamp=document.made,
        )
    if not isinstance(made, bytes):
        raise AssertionError(f"print: found {len(made)} pages, expected one")
    return made
