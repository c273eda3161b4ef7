"""Charts of things set side by side: each side has a colour, a mark and a dash of its own, none of them alone."""

from __future__ import annotations

from typing import Final

import plotly.graph_objects as go

from ui.charts import _kept, _layout, plain
from ui.palette import Theme

SIDE_COLOURS: Final = {
    "light": ("#0b6472", "#c2570c", "#6a3d9a", "#454545"),
    "dark": ("#4fb6c6", "#fdae61", "#c9a8f0", "#e6eef1"),
}
"""Of up to four sides, by theme."""
_MARKS: Final = ("circle", "square", "diamond", "triangle-up")
_DASHES: Final = ("solid", "dash", "dot", "dashdot")


@_kept
def side_radar(
    axes: tuple[str, ...],
    series: tuple[tuple[int, str, tuple[float, ...]], ...],
    unit: str,
    top: float,
    theme: Theme,
) -> go.Figure:
    """A radar whose axes all run from zero to `top`; a missing value (NaN) leaves a gap.

    Parameters
    ----------
    axes : tuple of str, length n
        Texts of our own; they may hold ``<br>``.
    series : tuple of (place, name, n values)
        Place of the side, which has its colour and mark; names are data and drawn as plain text.
    unit : str
    top : float
        End of every axis: charts that stand side by side have one scale.
    """
    figure = go.Figure()
    for place, name, values in series:
        figure.add_trace(
            go.Scatterpolar(
                r=[*values, values[0]],
                theta=[*axes, axes[0]],
                name=plain(name),
                mode="lines+markers",
                line={"color": SIDE_COLOURS[theme.name][place], "width": 2.5, "dash": _DASHES[place]},
                marker={"size": 8, "symbol": _MARKS[place]},
                hovertemplate=f"%{{theta}}<br>%{{r:.2f}} {unit}<extra>%{{fullData.name}}</extra>",
            )
        )
    figure.update_layout(
        _layout(
            theme,
            360,
            margin={"l": 76, "r": 76, "t": 28, "b": 24},
            polar={
                "bgcolor": "rgba(0,0,0,0)",
                "radialaxis": {
                    "gridcolor": theme.grid,
                    "linecolor": theme.grid,
                    "range": [0, top],
                    "nticks": 5,
                    "tickfont": {"size": 11, "color": theme.muted},
                },
                "angularaxis": {"gridcolor": theme.grid, "linecolor": theme.grid, "direction": "clockwise"},
            },
            showlegend=True,
            legend={"orientation": "h", "y": -0.12, "x": 0.5, "xanchor": "center"},
        )
    )
    return figure


@_kept
def side_bars(
    labels: tuple[str, ...],
    values: tuple[float, ...],
    texts: tuple[str, ...],
    places: tuple[int | None, ...],
    theme: Theme,
) -> go.Figure:
    """A bar a side, the first on top, each with its value written beside it.

    Parameters
    ----------
    values : tuple of float
        NaN draws no bar; its text stands all the same.
    places : tuple of int or None
        Place of each side; None for what the sides are held against, in the colour of the grid.
    """
    colours = SIDE_COLOURS[theme.name]
    known = [v for v in values if v == v]
    figure = go.Figure(
        go.Bar(
            x=[v if v == v else 0 for v in values],
            y=[plain(label) for label in labels],
            text=list(texts),
            textposition="outside",
            cliponaxis=False,
            orientation="h",
            marker={"color": [theme.muted if p is None else colours[p] for p in places]},
            hoverinfo="skip",
        )
    )
    low, high = min([*known, 0.0]), max([*known, 0.0])
    figure.update_layout(
        _layout(
            theme,
            44 * len(labels) + 24,
            xaxis={"visible": False, "range": [1.5 * low, (high or 1.0) * 1.5]},
            # Years are names here and not places on an axis.
            yaxis={
                "type": "category",
                "autorange": "reversed",
                "automargin": True,
                "ticksuffix": "  ",
                "showgrid": False,
            },
            bargap=0.35,
        )
    )
    return figure
