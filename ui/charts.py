"""Charts as plotly figures, built from plain values; no geo traces (they call outside)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

import numpy as np
import plotly.graph_objects as go

from analytics.bivariate import Density
from ui.palette import RGB, Theme, hex_of

FONT = "Noto Sans Thai, sans-serif"


def plain(text: str) -> str:
    """Text from data for a chart, where a few HTML tags, links among them, would be drawn as such.

    >>> plain("<b>ก&ข</b>")
    '&lt;b&gt;ก&amp;ข&lt;/b&gt;'
    """
    return escape(text, quote=False)


_SERIES = {
    "light": ("#0b6472", "#d95f02", "#7570b3"),
    "dark": ("#4fb6c6", "#fdae61", "#b9b4e6"),
}


def _layout(theme: Theme, height: int, **extra: object) -> dict[str, object]:
    return {
        "template": "none",  # the default template alone is 7 KB a chart
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "font": {"family": FONT, "size": 14, "color": theme.text},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hoverlabel": {"font": {"family": FONT, "size": 14}},
        **extra,
    }


# Making a figure takes 15 to 30 ms and the same few are asked for again and again; they are never changed once made.
_kept = lru_cache(maxsize=256)


@_kept
def radar(
    axes: tuple[str, ...], series: tuple[tuple[str, tuple[float, ...]], ...], unit: str, theme: Theme
) -> go.Figure:
    """Five dimensions of up to three areas; a missing value (NaN) leaves a gap instead of a zero.

    Parameters
    ----------
    axes : tuple of str, length n
    series : tuple of (name, n values)
        Names are data and drawn as plain text; the axes are our own texts and may hold ``<br>``.
    """
    figure = go.Figure()
    for (name, values), colour in zip(series, _SERIES[theme.name], strict=False):
        figure.add_trace(
            go.Scatterpolar(
                r=[*values, values[0]],
                theta=[*axes, axes[0]],
                name=plain(name),
                mode="lines+markers",
                line={"color": colour, "width": 2.5},
                marker={"size": 7, "symbol": ("circle", "square", "diamond")[len(figure.data) % 3]},
                hovertemplate=f"%{{theta}}<br>%{{r:.2f}} {unit}<extra>%{{fullData.name}}</extra>",
            )
        )
    figure.update_layout(
        _layout(
            theme,
            400,
            margin={"l": 76, "r": 76, "t": 28, "b": 24},
            polar={
                "bgcolor": "rgba(0,0,0,0)",
                "radialaxis": {
                    "gridcolor": theme.grid,
                    "linecolor": theme.grid,
                    "rangemode": "tozero",
                    "nticks": 5,
                    "tickfont": {"size": 11, "color": theme.muted},
                },
                "angularaxis": {"gridcolor": theme.grid, "linecolor": theme.grid, "direction": "clockwise"},
            },
            legend={"orientation": "h", "y": -0.12, "x": 0.5, "xanchor": "center"},
        )
    )
    return figure


@_kept
def bars(
    labels: tuple[str, ...], values: tuple[float, ...], texts: tuple[str, ...], theme: Theme
) -> go.Figure:
    """Horizontal bars, first label on top, each with its value written beside it."""
    figure = go.Figure(
        go.Bar(
            x=list(values),
            y=list(labels),
            text=list(texts),
            textposition="outside",
            cliponaxis=False,
            orientation="h",
            marker={"color": theme.accent},
            hovertext=list(texts),
            hoverinfo="text",
        )
    )
    top = max([v for v in values if v == v] or [1.0])
    figure.update_layout(
        _layout(
            theme,
            max(120, 42 * len(labels) + 20),
            xaxis={"visible": False, "range": [0, (top or 1.0) * 1.9]},
            yaxis={"autorange": "reversed", "automargin": True, "ticksuffix": "  ", "showgrid": False},
            bargap=0.35,
        )
    )
    return figure


@dataclass(frozen=True, slots=True)
class Dots:
    """Areas of a scatter.

    Attributes
    ----------
    codes : sequence of str
    x, y : sequence of float
    classes : sequence of int
        Place in the colours.
    texts : sequence of str
        Read at a dot, plain text; where there are none, its code is.
    """

    codes: Sequence[str]
    x: Sequence[float]
    y: Sequence[float]
    classes: Sequence[int]
    texts: Sequence[str]


def apart(which: Sequence[int], x: np.ndarray, y: np.ndarray) -> list[int]:
    """Those of the areas whose names would not cover one another, the first ones first."""
    wide, high = (max(float(np.nanmax(v) - np.nanmin(v)), 1e-9) for v in (x, y))
    kept: list[int] = []
    for i in which:
        if all(abs(x[i] - x[k]) > 0.2 * wide or abs(y[i] - y[k]) > 0.05 * high for k in kept):
            kept.append(i)
    return kept


def scatter(
    dots: Dots,
    cloud: Density | None,
    named: Dots,
    marked: Dots,
    line: tuple[tuple[float, float], tuple[float, float]] | None,
    colours: Sequence[RGB],
    ticks: tuple[Sequence[float], Sequence[str]] | None,
    titles: tuple[str, str],
    theme: Theme,
) -> go.Figure:
    """Two numbers of each area against each other; a dot's code stands in its ``customdata``.

    Parameters
    ----------
    dots : Dots
        Every area, or none where `cloud` is drawn instead.
    cloud : Density or None
        For thousands of areas: how many lie where.
    named : Dots
        Areas whose texts stand beside them.
    marked : Dots
        The area looked at, with a ring.
    line : two points, or None
    colours : sequence of RGB
    ticks : places and texts of the x axis, or None
        Where x is a logarithm the texts say the numbers themselves.
    titles : of x and y
    """
    figure = go.Figure()
    if cloud is not None:
        figure.add_trace(
            go.Heatmap(
                x=list(cloud.x),
                y=list(cloud.y),
                z=np.log10(np.where(np.array(cloud.counts) > 0, cloud.counts, np.nan)),
                customdata=np.array(cloud.counts),
                hovertemplate="%{customdata}<extra></extra>",
                colorscale=[[0, theme.grid], [1, theme.accent]],
                showscale=False,
            )
        )
    for part, size, ring, text in ((dots, 8, 0.5, False), (named, 10, 1.5, True), (marked, 16, 3, True)):
        if not part.codes:
            continue
        figure.add_trace(
            go.Scatter(
                # Four bytes a number are enough for a dot and half of eight.
                x=np.asarray(part.x, dtype=np.float32),
                y=np.asarray(part.y, dtype=np.float32),
                mode="markers+text" if text else "markers",
                text=[plain(t) for t in part.texts] if text else None,
                hovertext=[plain(t) for t in part.texts] or None,
                hovertemplate=f"%{{{'hovertext' if part.texts else 'customdata'}}}: %{{y:.2f}}<extra></extra>",
                cliponaxis=False,
                textposition="top center",
                textfont={"size": 12, "color": theme.text},
                customdata=list(part.codes),
                marker={
                    "size": size,
                    "color": np.asarray(part.classes, dtype=np.int8),
                    "colorscale": _steps(colours),
                    "cmin": -0.5,
                    "cmax": len(colours) - 0.5,
                    "line": {"width": ring, "color": theme.text},
                },
                showlegend=False,
            )
        )
    if line is not None:
        (x0, y0), (x1, y1) = line
        figure.add_trace(
            go.Scatter(
                x=[x0, x1],
                y=[y0, y1],
                mode="lines",
                line={"color": theme.text, "width": 2, "dash": "dash"},
                hoverinfo="skip",
                showlegend=False,
            )
        )
    axis = {"gridcolor": theme.grid, "zeroline": False, "automargin": True, "linecolor": theme.grid}
    x_axis = axis | ({"tickvals": list(ticks[0]), "ticktext": list(ticks[1])} if ticks is not None else {})
    figure.update_layout(
        _layout(
            theme,
            470,
            margin={"l": 8, "r": 8, "t": 12, "b": 8},
            xaxis=x_axis | {"title": {"text": plain(titles[0]).replace(" · ", "<br>")}},
            yaxis=axis | {"title": {"text": plain(titles[1])}, "rangemode": "tozero"},
            hovermode="closest",
            dragmode=False,
            clickmode="event+select",
        )
    )
    return figure


def _steps(colours: Sequence[RGB]) -> list[list[object]]:
    """A colour scale that jumps: whole numbers from 0 each have a colour of their own."""
    k = len(colours)
    return [[edge / k, hex_of(colour)] for i, colour in enumerate(colours) for edge in (i, i + 1)]
