"""Charts of the MPI tool: contributions, ranks under many settings, and curves over the cut-off."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from ui.charts import _SERIES, _kept, _layout, plain
from ui.palette import Theme

ROW = 30


@_kept
def contributions(
    labels: tuple[str, ...],
    now: tuple[float, ...],
    own: tuple[float, ...] | None,
    names: tuple[str, str],
    theme: Theme,
) -> go.Figure:
    """Share of M0 that each dimension or indicator makes up, the first on top; a mark where the specification has it.

    Parameters
    ----------
    labels : tuple of str, length n
        Data, drawn as plain text.
    now, own : tuple of float, length n
        Percent; NaN where nobody is poor. None draws no marks.
    names : of the bars and of the marks
    """
    shown = [plain(label) for label in labels]
    figure = go.Figure(
        go.Bar(
            x=[v if v == v else 0.0 for v in now],
            y=shown,
            orientation="h",
            name=names[0],
            marker={"color": theme.accent},
            text=[f"{v:.1f} %" if v == v else "–" for v in now],
            textposition="outside",
            cliponaxis=False,
            hoverinfo="skip",
        )
    )
    if own is not None:
        figure.add_trace(
            go.Scatter(
                x=list(own),
                y=shown,
                mode="markers",
                name=names[1],
                marker={
                    "symbol": "line-ns",
                    "size": 16,
                    "line": {"width": 3, "color": theme.text},
                },
                hoverinfo="skip",
            )
        )
    top = max([v for v in (*now, *(own or ())) if v == v] or [1.0])
    figure.update_layout(
        _layout(
            theme,
            ROW * len(labels) + (64 if own is not None else 24),
            xaxis={"visible": False, "range": [0, top * 1.3], "fixedrange": True},
            yaxis={"autorange": "reversed", "automargin": True, "ticksuffix": "  ", "fixedrange": True},
            bargap=0.3,
            showlegend=own is not None,
            legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0},
        )
    )
    return figure


@_kept
def rank_intervals(
    labels: tuple[str, ...],
    rank: tuple[int, ...],
    low: tuple[int, ...],
    high: tuple[int, ...],
    marked: str,
    areas: int,
    title: str,
    theme: Theme,
) -> go.Figure:
    """Between which places areas move: a line from the 5th to the 95th percentile, a dot where the setting shown has them.

    Parameters
    ----------
    labels : tuple of str, length n
        Data, drawn as plain text; the first on top.
    rank, low, high : tuple of int, length n
        1 is the worst, on the left.
    marked : str
        Label of the area looked at; empty for none.
    areas : int
        How many are ranked.
    title : str
        Of the axis.
    """
    shown = [plain(label) for label in labels]
    figure = go.Figure(
        # One trace for all: a line of its own for each area would be half of what a change sends.
        go.Scatter(
            x=list(rank),
            y=shown,
            mode="markers",
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [b - r for r, b in zip(rank, high, strict=True)],
                "arrayminus": [r - a for r, a in zip(rank, low, strict=True)],
                "color": theme.muted,
                "thickness": 5,
                "width": 0,
            },
            marker={
                "size": 11,
                "color": [theme.accent if label == marked else theme.text for label in labels],
                "line": {"width": 1, "color": theme.background},
            },
            hovertemplate="%{y}: %{x}<extra></extra>",
        )
    )
    figure.update_layout(
        _layout(
            theme,
            26 * len(labels) + 64,
            margin={"l": 8, "r": 16, "t": 8, "b": 44},
            xaxis={
                "range": [0.5, areas + 0.5],
                "gridcolor": theme.grid,
                "zeroline": False,
                "fixedrange": True,
                "title": {"text": plain(title)},
            },
            yaxis={"autorange": "reversed", "automargin": True, "ticksuffix": "  ", "fixedrange": True},
            showlegend=False,
        )
    )
    return figure


@dataclass(frozen=True, slots=True)
class Curve:
    """A measure of one area over the cut-off; `name` is data."""

    name: str
    values: tuple[float, ...]


@_kept
def cut_off_curves(
    k: tuple[float, ...], curves: tuple[Curve, ...], at: float, titles: tuple[str, str], theme: Theme
) -> go.Figure:
    """Steps of a measure over the cut-off, with a line where the setting shown is.

    Parameters
    ----------
    k : tuple of float, length c
        Percent of all weights, ascending; a person whose score lies between two is counted up to the lower.
    curves : tuple of Curve, at most three
    at : float
        Percent.
    titles : of x and y
    """
    figure = go.Figure()
    dashes = ("solid", "dash", "dot")
    beyond = (100.0,) if k[-1] < 100 else ()
    for curve, colour, dash in zip(curves, _SERIES[theme.name], dashes, strict=False):
        figure.add_trace(
            go.Scatter(
                x=[0.0, *k, *beyond],
                y=[curve.values[0], *curve.values, *(0.0 for _ in beyond)],
                mode="lines",
                # Between two sums of weights nobody is gained or lost: the higher one decides.
                line={"shape": "vh", "color": colour, "width": 2.5, "dash": dash},
                name=plain(curve.name),
                hovertemplate="k %{x:.1f} %: %{y:.4g}<extra>%{fullData.name}</extra>",
            )
        )
    axis = {"gridcolor": theme.grid, "zeroline": False, "automargin": True, "fixedrange": True}
    figure.add_vline(x=at, line={"color": theme.muted, "width": 2, "dash": "dot"})
    figure.update_layout(
        _layout(
            theme,
            340,
            margin={"l": 8, "r": 16, "t": 12, "b": 96},
            xaxis=axis | {"title": {"text": plain(titles[0])}, "range": [0, 100]},
            yaxis=axis | {"title": {"text": plain(titles[1])}, "rangemode": "tozero"},
            legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0},
        )
    )
    return figure
