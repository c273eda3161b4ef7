"""Charts as plotly figures, built from plain values; no geo traces (they call outside)."""

from __future__ import annotations

from functools import lru_cache
from html import escape

import plotly.graph_objects as go

from ui.palette import Theme

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
