"""Charts of the page of urgent issues: rates against the parent's, and the overlap of the five dimensions."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from analytics.catalogue import DIMENSIONS
from analytics.urgency import Combination
from ui.charts import _SERIES, _kept, _layout, plain
from ui.palette import Theme

ROW = 34
MOST_ROWS = 15
"""Combinations drawn; the table beside has all."""


@_kept
def against(
    labels: tuple[str, ...],
    rates: tuple[float, ...],
    others: tuple[tuple[str, tuple[float, ...]], ...],
    name: str,
    texts: tuple[str, ...],
    theme: Theme,
) -> go.Figure:
    """Bars of an area with a mark where its parent, and one where the country lies, the first label on top.

    Parameters
    ----------
    labels : tuple of str, length n
    rates : tuple of float, length n
        Percent; NaN draws no bar.
    others : tuple of (name, n rates)
        At most two; a bold line for the first, a diamond for the second. Names are data and drawn as plain text.
    name : str
        Of the bars; data.
    texts : tuple of str, length n
        Written at the bar's end.
    """
    figure = go.Figure(
        go.Bar(
            x=[v if v == v else None for v in rates],
            y=list(labels),
            orientation="h",
            name=plain(name),
            marker={"color": theme.accent},
            hoverinfo="skip",
        )
    )
    marks = (
        {"symbol": "line-ns", "size": 20, "line": {"width": 3.5, "color": theme.text}},
        {
            "symbol": "diamond",
            "size": 10,
            "color": _SERIES[theme.name][1],
            "line": {"width": 1, "color": theme.background},
        },
    )
    for (other, values), mark in zip(others, marks, strict=False):
        figure.add_trace(
            go.Scatter(
                x=[v if v == v else None for v in values],
                y=list(labels),
                mode="markers",
                name=plain(other),
                marker=mark,
                hovertemplate="%{x:.2f} %<extra>%{fullData.name}</extra>",
            )
        )
    ends = [
        max([v for v in row if v == v] or [0.0]) for row in zip(rates, *(v for _, v in others), strict=True)
    ]
    # Behind whichever lies furthest, so that no mark stands on a number.
    figure.add_trace(
        go.Scatter(
            x=ends,
            y=list(labels),
            mode="text",
            text=[f"  {text}" for text in texts],
            textposition="middle right",
            textfont={"size": 13, "color": theme.text},
            cliponaxis=False,
            hoverinfo="skip",
            showlegend=False,
        )
    )
    top = max([*ends, 0.0]) or 1.0
    figure.update_layout(
        _layout(
            theme,
            ROW * len(labels) + 66,
            xaxis={"visible": False, "range": [0, top * 1.55], "fixedrange": True},
            yaxis={"autorange": "reversed", "automargin": True, "ticksuffix": "  ", "fixedrange": True},
            bargap=0.42,
            showlegend=bool(others),
            legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0},
        )
    )
    return figure


@_kept
def upset(
    found: tuple[Combination, ...],
    names: tuple[str, ...],
    texts: tuple[str, ...],
    theme: Theme,
) -> go.Figure:
    """An UpSet chart lying on its side: a row a combination, its dimensions as joined dots, its persons as a bar.

    On its side because a phone has room for rows and none for 31 columns.

    Parameters
    ----------
    found : tuple of Combination, length n
        Those to draw, the first on top; each with its persons known.
    names : tuple of str, length 5
        Of the dimensions, in the order of the masks; may hold ``<br>``.
    texts : tuple of str, length n
        Written at the bar's end.
    """
    rows = range(len(found))
    on = [(x, y) for y in rows for x, d in enumerate(DIMENSIONS) if d in found[y].dimensions]
    off = [(x, y) for y in rows for x, d in enumerate(DIMENSIONS) if d not in found[y].dimensions]
    joined_x: list[float | None] = []
    joined_y: list[float | None] = []
    for y in rows:
        places = [x for x, d in enumerate(DIMENSIONS) if d in found[y].dimensions]
        joined_x += [places[0], places[-1], None]
        joined_y += [y, y, None]
    quiet = {"hoverinfo": "skip", "showlegend": False}
    figure = go.Figure(
        [
            _dots(off, theme.grid, quiet),
            go.Scatter(x=joined_x, y=joined_y, mode="lines", line={"color": theme.text, "width": 3}, **quiet),
            _dots(on, theme.text, quiet),
            go.Bar(
                x=[one.persons for one in found],
                y=list(rows),
                orientation="h",
                xaxis="x2",
                text=list(texts),
                textposition="outside",
                textfont={"size": 13, "color": theme.text},
                cliponaxis=False,
                marker={"color": theme.accent},
                **quiet,
            ),
        ]
    )
    top = max([one.persons or 0 for one in found] or [1])
    figure.update_layout(
        _layout(
            theme,
            28 * len(found) + 84,
            margin={"l": 4, "r": 4, "t": 76, "b": 4},
            xaxis={
                "domain": [0, 0.34],
                "range": [-0.6, len(DIMENSIONS) - 0.4],
                "tickvals": list(range(len(DIMENSIONS))),
                "ticktext": list(names),
                "tickangle": -50,
                "side": "top",
                "tickfont": {"size": 12},
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
            xaxis2={
                "domain": [0.36, 1],
                "range": [0, top * 1.75],
                "visible": False,
                "fixedrange": True,
                "anchor": "y",
            },
            yaxis={"range": [len(found) - 0.5, -0.5], "visible": False, "fixedrange": True},
            bargap=0.35,
        )
    )
    return figure


def _dots(places: Sequence[tuple[int, int]], colour: str, quiet: dict[str, object]) -> go.Scatter:
    return go.Scatter(
        x=[x for x, _ in places],
        y=[y for _, y in places],
        mode="markers",
        marker={"size": 12, "color": colour},
        **quiet,
    )
