"""The map: small typed layers, turned into a pydeck chart in one place.

A layer's data is an address; its colours are decided here from class bounds, as an expression the browser
evaluates. A change of indicator or class therefore sends a few hundred bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import pydeck as pdk
from pydeck.bindings import deck as _pydeck_deck

from geo.layers import view_for
from ui.palette import DARK, OUTLINE, RGB, Theme, ink
from ui.state import NO_DATA_CLASS

# The chart's real size is the browser's business; fitting to a narrow box keeps the whole area in view on a phone too.
FIT_WIDTH, FIT_HEIGHT = 400, 540
MAP_HEIGHT = 560
# For every map made pydeck looks for a notebook's widget by importing it anew, and there is none in a server.
_pydeck_deck.has_jupyter_extra = lambda: False
_PLAIN = re.compile(r"[A-Za-z0-9_]+")
_DIMMED = 36
"""Of 255, what is left of a class while another one is looked at alone."""
# Only of colours does the map library know that it is asked of a feature; patterns are asked of a row that holds it.
_FEATURE = "__source.object.properties."
_MARK = "mark-"
# What the browser draws over areas without a number; pixels.
_PATTERNS = {
    "none": {"type": "hatch", "angle": 45, "gap": 5, "strokeWidth": 1},
    "hidden": {"type": "dots", "radius": 1, "gap": 4, "angle": 45},
}


def _array(colour: RGB, alpha: int = 255) -> str:
    return f"[{colour[0]},{colour[1]},{colour[2]},{alpha}]"


def _check_plain(*texts: str | None) -> None:
    """These stand inside an expression that the browser evaluates."""
    for text in texts:
        if text is not None and not _PLAIN.fullmatch(text):
            raise ValueError(
                f"map layer: found {text!r}, expected a code or id of letters, digits and underscores"
            )


@dataclass(frozen=True, slots=True)
class AreaLayer:
    """A choropleth read by the browser from `url`.

    Attributes
    ----------
    prop : str
        Feature property that is classed.
    bounds : tuple of float, length k
        Upper bounds, inclusive; the last class also takes what lies above its bound.
    colours : tuple of RGB, length k
    inside : str or None
        Code of the parent whose areas are coloured; the others of the file are drawn as surroundings.
    focus : str or None
        Code of the area that is outlined.
    crowded : bool
        Thousands of areas: their outlines are drawn hair-thin, or they would hide the colours.
    filled : bool
        False draws outlines only, above a picture; the areas are found by the pointer all the same.
    only : str
        The one class that is drawn in full, as `ui.state.View.only`; a class that is not there dims nothing.
    """

    url: str
    prop: str
    bounds: tuple[float, ...]
    colours: tuple[RGB, ...]
    inside: str | None = None
    focus: str | None = None
    crowded: bool = False
    filled: bool = True
    only: str = ""

    def __post_init__(self) -> None:
        _check_plain(self.prop, self.inside, self.focus)

    @property
    def outlined(self) -> str:
        """Expression that is true for what is outlined."""
        return f"properties.code=='{self.focus}'"

    def fill(self, theme: Theme) -> str:
        """Expression that gives each feature its colour; no data has a colour of its own."""
        if not self.filled:
            return "[0,0,0,0]"
        value = f"properties.{self.prop}"
        seen = [_DIMMED if self.alone not in ("", str(i)) else 255 for i in range(len(self.colours))]
        classes = "".join(
            f"{value}<={bound!r}?{_array(colour, alpha)}:"
            for bound, colour, alpha in zip(self.bounds[:-1], self.colours[:-1], seen[:-1], strict=True)
        )
        last = _array(self.colours[-1], seen[-1]) if self.colours else _array(theme.missing)
        inner = f"{value}==null?{self.ground(theme)}:{classes}{last}"
        if self.inside is None:
            return inner
        return f"properties.parent!='{self.inside}'?{_array(theme.outside, 120)}:{inner}"

    @property
    def blank(self) -> str | None:
        """Expression that is true for areas without a number, which are hatched; None where nothing is coloured."""
        return _blank(f"properties.{self.prop}==null", self.inside) if self.filled else None

    def ground(self, theme: Theme) -> str:
        """What lies below the hatching."""
        return _array(theme.missing, 150 if self.alone in ("", NO_DATA_CLASS) else _DIMMED)

    @property
    def alone(self) -> str:
        """The class that is drawn in full; empty where every one is, also because there is no such class."""
        return self.only if self.only in (NO_DATA_CLASS, *map(str, range(len(self.colours)))) else ""

    @property
    def hidden(self) -> str:
        """Expression that is true where a number is withheld: its text is "*" or "<5*", of no data a dash."""
        return f"properties.{self.prop}_t<'–'"


def _blank(test: str, inside: str | None) -> str:
    return f"({test})" if inside is None else f"properties.parent=='{inside}'&&({test})"


@dataclass(frozen=True, slots=True)
class PairLayer:
    """A choropleth of two values at once, the properties ``x`` and ``y``.

    Attributes
    ----------
    x_bounds, y_bounds : tuple of float, lengths k and m
        As `AreaLayer.bounds`.
    colours : tuple of tuple of RGB, shape (m, k)
        By class of y, from the lowest, and class of x.
    missing : RGB
        Of areas that lack one of the two.
    focus : str or None
        Code of the area that is outlined, or whose children are.
    inside : str or None
        As `AreaLayer.inside`; its areas are outlined beside the focus.
    """

    url: str
    x_bounds: tuple[float, ...]
    y_bounds: tuple[float, ...]
    colours: tuple[tuple[RGB, ...], ...]
    missing: RGB
    focus: str | None = None
    crowded: bool = False
    inside: str | None = None

    def __post_init__(self) -> None:
        _check_plain(self.focus, self.inside)

    @property
    def outlined(self) -> str:
        return f"properties.code=='{self.focus}'||properties.parent=='{self.focus}'"

    def fill(self, theme: Theme) -> str:
        """Expression that gives each feature its colour."""
        rows = [
            _steps("properties.x", self.x_bounds, [_array(colour) for colour in row]) for row in self.colours
        ]
        inner = _steps("properties.y", self.y_bounds, [f"({row})" for row in rows])
        own = f"properties.x==null||properties.y==null?{self.ground(theme)}:{inner or _array(self.missing)}"
        if self.inside is None:
            return own
        return f"properties.parent!='{self.inside}'?{_array(theme.outside, 120)}:{own}"

    @property
    def blank(self) -> str:
        """As `AreaLayer.blank`: areas that lack one of the two."""
        return _blank("properties.x==null||properties.y==null", self.inside)

    def ground(self, theme: Theme) -> str:
        """As `AreaLayer.ground`."""
        return _array(self.missing, 150)


def _steps(value: str, bounds: tuple[float, ...], results: list[str]) -> str:
    """``value<=1?a:value<=2?b:c``: the last result also stands for what lies above its bound."""
    if len(bounds) != len(results):
        raise ValueError(f"map layer: found {len(results)} colours for {len(bounds)} classes")
    steps = "".join(
        f"{value}<={bound!r}?{result}:" for bound, result in zip(bounds[:-1], results[:-1], strict=True)
    )
    return steps + (results[-1] if results else "")


@dataclass(frozen=True, slots=True)
class KindLayer:
    """A choropleth of kinds: the property ``k`` is the place of a feature's colour.

    Attributes
    ----------
    colours : tuple of RGB
    focus : str or None
        As `PairLayer.focus`.
    """

    url: str
    colours: tuple[RGB, ...]
    focus: str | None = None
    crowded: bool = False

    def __post_init__(self) -> None:
        _check_plain(self.focus)

    @property
    def outlined(self) -> str:
        return f"properties.code=='{self.focus}'||properties.parent=='{self.focus}'"

    def fill(self, theme: Theme) -> str:
        """Expression that gives each feature its colour."""
        kinds = "".join(f"properties.k=={i}?{_array(c)}:" for i, c in enumerate(self.colours))
        return f"properties.k==null?{_array(theme.missing, 150)}:{kinds}{_array(theme.missing, 150)}"

    @property
    def blank(self) -> str:
        """As `AreaLayer.blank`: of kinds the last one is that of no number."""
        return _blank(f"properties.k==null||properties.k=={len(self.colours) - 1}", None)

    def ground(self, theme: Theme) -> str:
        """As `AreaLayer.ground`."""
        return _array(self.colours[-1] if self.colours else theme.missing)


def raster_layer(
    url: str, bounds: tuple[float, float, float, float], opacity: float, *, name: str = "raster"
) -> pdk.Layer:
    """A picture laid on the map; the browser fetches it from `url`.

    Parameters
    ----------
    url : str
        Address of a picture whose rows are evenly spaced in Web Mercator, as `warehouse.light_images` makes them.
    bounds : tuple of float, shape (4,)
        West, south, east, north of its outer edges in degrees (EPSG:4326).
    opacity : float
        0 to 1, the share of the picture in what is seen.
    name : str
        Identifies the layer in the chart: under the same name another picture takes the place of the one before.

    Raises
    ------
    ValueError
        For an address that does not lead to this server, or an opacity outside 0 to 1.
    """
    if not url.startswith("/") or url.startswith("//"):
        raise ValueError(
            f"picture on the map: found {url!r}, expected an address of this server, such as /lights/..."
        )
    return pdk.Layer(
        "BitmapLayer",
        id=name,
        # A plain string would be taken for a file of this machine.
        image=pdk.types.String(url),
        bounds=[round(edge, 9) for edge in bounds],
        opacity=_seen(opacity),
        pickable=False,
        # Cells keep their edges: between a lit and a dark cell there is nothing half lit.
        texture_parameters={
            "minFilter": pdk.types.String("linear"),
            "magFilter": pdk.types.String("nearest"),
        },
    )


@dataclass(frozen=True, slots=True)
class PointColours:
    """Which colour a point has: by the value of one property.

    Attributes
    ----------
    prop : str
        Feature property; ``g`` of places, ``k`` of classes.
    colours : mapping of str or int to RGB
        By value of the property.
    other : RGB
        Of any other value, and of none.
    """

    prop: str
    colours: Mapping[str | int, RGB]
    other: RGB

    def __post_init__(self) -> None:
        _check_plain(self.prop, *(value for value in self.colours if isinstance(value, str)))

    def expression(self, alpha: int) -> str:
        """What the browser evaluates for each point."""
        steps = "".join(
            f"properties.{self.prop}=={_literal(value)}?{_array(colour, alpha)}:"
            for value, colour in self.colours.items()
        )
        return steps + _array(self.other, alpha)


def _literal(value: str | int) -> str:
    return f"'{value}'" if isinstance(value, str) else str(int(value))


def point_layer(
    url: str,
    colours: PointColours,
    theme: Theme,
    *,
    name: str = "points",
    radius: float = 4.0,
    opacity: float = 0.9,
) -> pdk.Layer:
    """Points that the browser fetches from `url`, as dots of the same size at every zoom.

    Parameters
    ----------
    url : str
        From `warehouse.point_layers.points_url`.
    name : str
        Identifies the layer in the chart and in a click's answer.
    radius : float
        Pixels.
    opacity : float
        0 to 1. A point that is approximate (property ``a``) is a ring with a faint middle.
    """
    _check_address(url)
    alpha = round(255 * _share(opacity))
    return pdk.Layer(
        "GeoJsonLayer",
        id=name,
        data=url,
        pickable=True,
        auto_highlight=True,
        highlight_color=[*theme.focus, 120],
        stroked=True,
        filled=True,
        point_radius_units=pdk.types.String("pixels"),
        get_point_radius=radius,
        line_width_units=pdk.types.String("pixels"),
        get_line_width=f"properties.a==1?1.6:{0.6 if radius >= 3 else 0.2}",
        # Darker than the land in the light theme and lighter in the dark one: pale dots stand out as well.
        get_line_color=f"properties.a!=1?{_array(theme.focus, alpha * 2 // 3)}:{colours.expression(alpha)}",
        get_fill_color=f"properties.a!=1?({colours.expression(alpha)}):{_array(theme.line, alpha // 3)}",
        update_triggers={
            "getFillColor": [colours.prop, list(colours.colours.items()), alpha, theme.name],
            "getLineColor": [colours.prop, list(colours.colours.items()), alpha, theme.name],
        },
    )


def cluster_layer(url: str, colour: RGB, theme: Theme, *, name: str = "points") -> pdk.Layer:
    """Bubbles with their numbers, from an address of clusters; the area of a bubble grows with its number.

    Parameters
    ----------
    colour : RGB
        Of the bubbles.
    """
    _check_address(url)
    return pdk.Layer(
        "GeoJsonLayer",
        id=name,
        data=url,
        pickable=True,
        auto_highlight=True,
        highlight_color=[*theme.focus, 90],
        stroked=True,
        filled=True,
        point_type=pdk.types.String("circle+text"),
        point_radius_units=pdk.types.String("pixels"),
        get_point_radius="properties.r",
        line_width_units=pdk.types.String("pixels"),
        get_line_width=1,
        get_line_color=[*theme.line, 255],
        get_fill_color=[*colour, 225],
        get_text="properties.s",
        get_text_size=11,
        get_text_color=[*ink(colour), 255],
        update_triggers={"getFillColor": [list(colour)]},
    )


def ring_layer(url: str, km: float, colour: RGB, *, name: str = "rings") -> pdk.Layer:
    """A circle of `km` kilometres around every point of an address: straight line, no roads.

    Parameters
    ----------
    url : str
        The address of the points themselves; the browser has it already.
    """
    _check_address(url)
    return pdk.Layer(
        "GeoJsonLayer",
        id=name,
        data=url,
        pickable=False,
        stroked=True,
        filled=True,
        point_radius_units=pdk.types.String("meters"),
        get_point_radius=1000 * km,
        line_width_units=pdk.types.String("pixels"),
        get_line_width=1,
        get_line_color=[*colour, 120],
        get_fill_color=[*colour, 5],
        update_triggers={"getPointRadius": [km], "getFillColor": [list(colour)]},
    )


def outline_layer(
    url: str, theme: Theme, *, name: str, width: float = 1.0, opacity: float = 1.0, night: bool = False
) -> pdk.Layer:
    """Outlines of the areas of a layer file, without fill; the pointer does not find them.

    Parameters
    ----------
    width : float
        Pixels.
    opacity : float
        0 to 1.
    night : bool
        Drawn on a dark ground in both themes.
    """
    _check_address(url)
    return pdk.Layer(
        "GeoJsonLayer",
        id=name,
        data=url,
        pickable=False,
        stroked=True,
        filled=False,
        line_width_units=pdk.types.String("pixels"),
        get_line_width=width,
        get_line_color=[*(DARK.focus if night else theme.focus), round(255 * _share(opacity))],
        update_triggers={"getLineColor": [opacity, night, theme.name]},
    )


def _check_address(url: str) -> None:
    if not url.startswith("/") or url.startswith("//"):
        raise ValueError(
            f"points on the map: found {url!r}, expected an address of this server, such as /points/..."
        )


def _share(opacity: float) -> float:
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity: found {opacity}, expected 0 to 1")
    return opacity


def _seen(opacity: float) -> float:
    """What the browser's part has to be given: it raises it to 1/2.2, and half is meant to let half of what lies below through."""
    return round(_share(opacity) ** 2.2, 6)


def _either(of_areas: str, of_points: str) -> str:
    """One template for features of two kinds: Streamlit knows one, and leaves a place in it as it stands where a feature
    lacks the property. The part whose test is left so is not shown."""
    return (
        "<style>[data-is^='\\7b']{display:none}</style>"
        f"<div data-is='{{code}}'>{of_areas}</div><div data-is='{{c}}'>{of_points}</div>"
    )


def deck(
    layer: AreaLayer | PairLayer | KindLayer,
    bbox: tuple[float, float, float, float],
    theme: Theme,
    tooltip_html: str,
    *,
    under: Sequence[pdk.Layer] = (),
    over: Sequence[pdk.Layer] = (),
    over_tooltip: str | None = None,
    night: bool = False,
    opacity: float = 1.0,
    mark: str = "",
) -> pdk.Deck:
    """A chart of one area layer and the outline of its focus, above pictures and below points.

    Parameters
    ----------
    bbox : tuple of float, shape (4,)
        West, south, east, north in degrees (EPSG:4326) to fit into view.
    tooltip_html : str
        Template with ``{property}`` places only; values are filled in and escaped by Streamlit. Never put data in it.
    under : sequence of pydeck.Layer
        Pictures below the areas, from `raster_layer`; give the areas ``filled=False`` to see them.
    over : sequence of pydeck.Layer
        Layers above everything, from `ring_layer`, `point_layer`, `cluster_layer`.
    over_tooltip : str, optional
        Template of the points' own tooltip, of their properties ``n``, ``t_th`` and the like; every point has a ``c``,
        every area a ``code``.
    night : bool
        A dark ground in both themes, for pictures of light.
    opacity : float
        0 to 1, of the areas; the outline of the focus stays.
    mark : str
        Code of the area that was chosen and not opened, empty for none.
    """
    _check_plain(mark or None)
    focus = DARK.focus if night else theme.focus
    bare = isinstance(layer, AreaLayer) and not layer.filled
    areas = pdk.Layer(
        "GeoJsonLayer",
        id="areas",
        data=layer.url,
        pickable=True,
        auto_highlight=True,
        highlight_color=[*focus, 60],
        stroked=True,
        filled=True,
        get_line_color=[*(OUTLINE if bare else theme.line), 70 if layer.crowded else 220],
        line_width_min_pixels=0.2 if layer.crowded else 0.6,
        **({"opacity": _seen(opacity)} if opacity < 1 else {}),
        _sub_layer_props={"polygons-fill": _filling(layer, theme)},
        # Streamlit passes on this one alone.
        update_triggers={"getFillColor": _trigger(layer.fill(theme))},
    )
    layers = [*under, areas]
    if layer.focus is not None:
        layers.append(
            pdk.Layer(
                "GeoJsonLayer",
                id="focus",
                data=layer.url,
                pickable=False,
                stroked=True,
                filled=False,
                line_width_units=pdk.types.String("pixels"),
                get_line_color=[*focus, 255],
                get_line_width=f"({layer.outlined})?3:0",
                update_triggers={"getLineWidth": [layer.focus]},
            )
        )
    if mark:
        layers.append(_marking(layer, mark, focus))
    layers += over
    longitude, latitude, zoom = view_for(bbox, FIT_WIDTH, FIT_HEIGHT)
    return pdk.Deck(
        layers=layers,
        initial_view_state=pdk.ViewState(
            longitude=longitude, latitude=latitude, zoom=zoom, pitch=0, bearing=0
        ),
        map_style=f"/map/{DARK.name if night else theme.name}.json",
        tooltip={
            "html": tooltip_html if over_tooltip is None else _either(tooltip_html, over_tooltip),
            "style": {
                "fontFamily": "'Noto Sans Thai', sans-serif",
                "fontSize": "14px",
                "lineHeight": "1.5",
                "color": theme.text,
                "backgroundColor": theme.background,
                "border": f"1px solid {theme.grid}",
                "borderRadius": "6px",
                "padding": "8px 10px",
                "zIndex": "5",
            },
        },
    )


def _filling(layer: AreaLayer | PairLayer | KindLayer, theme: Theme) -> dict[str, object]:
    """What colours the areas, one storey below the layer itself: there Streamlit does not fade all that was not clicked.

    Areas without a number are hatched, and dotted where it is withheld, so that no colour is needed to know them.
    """
    colour, blank = layer.fill(theme), layer.blank
    if blank is None:
        return {"getFillColor": f"@@={colour}"}
    row = blank.replace("properties.", _FEATURE)
    areas = isinstance(layer, AreaLayer)
    hidden = layer.hidden.replace("properties.", _FEATURE) if areas else "false"
    faded = areas and layer.alone not in ("", NO_DATA_CLASS)
    parts = {
        "getFillColor": f"@@=({blank})?{_array(theme.hatch, _DIMMED if faded else 255)}:({colour})",
        "getFillPattern": f"@@=({row})?(({hidden})?'hidden':'none'):'plain'",
        "getFillPatternBackgroundColor": f"@@=({row})?{layer.ground(theme)}:[0,0,0,0]",
    }
    return parts | {
        "extensions": [{"@@type": "FillStyleExtension", "proceduralPattern": True}],
        "fillPatternMapping": _PATTERNS,
        "fillPatternSizeUnits": "pixels",
        "updateTriggers": dict.fromkeys(parts, _trigger(*parts.values())),
    }


def _trigger(*texts: str) -> str:
    """A short text that changes with others: the browser colours anew when it does."""
    return f"{crc32('|'.join(texts).encode()):x}"


def _marking(layer: AreaLayer | PairLayer | KindLayer, mark: str, focus: RGB) -> pdk.Layer:
    """The outline of the area that was chosen.

    Its name changes with the area, and it lies above all others: pressing the same area once more is then a choice of its
    own (Streamlit would take it back otherwise), which opens it. Thousands of areas are not drawn twice for that.
    """
    return pdk.Layer(
        "GeoJsonLayer",
        id=f"{_MARK}{mark}",
        data=layer.url,
        pickable=not layer.crowded,
        auto_highlight=not layer.crowded,
        highlight_color=[*focus, 60],
        stroked=True,
        filled=not layer.crowded,
        line_width_units=pdk.types.String("pixels"),
        get_line_color=[*focus, 255],
        get_line_width=f"properties.code=='{mark}'?4:0",
        _sub_layer_props={"polygons-fill": {"getFillColor": [0, 0, 0, 0]}},
    )


def clicked_code(selection: object) -> str | None:
    """Code of the area a person clicked, from Streamlit's selection state; surroundings count too."""
    names = getattr(selection, "objects", None) or {}
    layer = next((name for name in names if name.startswith(_MARK)), "areas")
    return _clicked(selection, layer, "code")


def clicked_point(selection: object, name: str = "points") -> str | None:
    """Property ``c`` of the point or cluster a person clicked in the layer `name`."""
    return _clicked(selection, name, "c")


def _clicked(selection: object, layer: str, prop: str) -> str | None:
    objects = getattr(selection, "objects", None) or {}
    picked = objects.get(layer) or []
    if not picked:
        return None
    value = (picked[0].get("properties") or {}).get(prop)
    return str(value) if value else None
