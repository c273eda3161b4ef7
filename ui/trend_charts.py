"""Charts of years: lines that end where a definition does, and slopes between two years."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go

from ui.charts import _kept, _layout, plain
from ui.compare_charts import SIDE_COLOURS
from ui.palette import Theme

_MARKS: Final = ("circle", "square", "diamond")
_DASHES: Final = ("solid", "dash", "dot")
DIRECTIONS: Final = {
    "light": {
        "worse": "#b3440a",
        "better": "#0b6472",
        "up": "#6a3d9a",
        "down": "#454545",
        "same": "#5a6b73",
        "apart": "#5a6b73",
    },
    "dark": {
        "worse": "#fdae61",
        "better": "#4fb6c6",
        "up": "#c9a8f0",
        "down": "#e6eef1",
        "same": "#9fb0b7",
        "apart": "#9fb0b7",
    },
}
"""Colours of slopes by theme and by what the direction means; the slope itself says the direction without them."""


@_kept
def year_lines(
    series: tuple[tuple[str, tuple[tuple[tuple[int, ...], tuple[float, ...]], ...]], ...],
    ticks: tuple[tuple[int, ...], tuple[str, ...]],
    unit: str,
    decimals: int,
    theme: Theme,
) -> go.Figure:
    """Years of up to three areas; a line joins the years of one run and no others.

    Parameters
    ----------
    series : tuple of (name, runs)
        The first is the area looked at; names are data. A run is its years (common era) and values.
    ticks : places and texts of the years
        Texts of our own; they may hold ``<br>``.
    unit : str
        Of the values, beside the axis.
    """
    figure = go.Figure()
    colours = SIDE_COLOURS[theme.name]
    for place, (name, its_runs) in enumerate(series):
        for number, (years, values) in enumerate(its_runs):
            figure.add_trace(
                go.Scatter(
                    x=list(years),
                    y=list(values),
                    name=plain(name),
                    legendgroup=str(place),
                    showlegend=number == 0,
                    mode="lines+markers",
                    line={
                        "color": colours[place],
                        "width": 3 if place == 0 else 1.5,
                        "dash": _DASHES[place],
                    },
                    marker={"size": 10 if place == 0 else 7, "symbol": _MARKS[place]},
                    hovertemplate=f"%{{y:,.{decimals}f}}<extra>%{{fullData.name}}</extra>",
                )
            )
    axis = {"gridcolor": theme.grid, "zeroline": False, "automargin": True, "linecolor": theme.grid}
    first, last = ticks[0][0], ticks[0][-1]
    room = max(0.5, (last - first) * 0.06)
    figure.update_layout(
        _layout(
            theme,
            340,
            xaxis=axis
            | {
                "tickvals": list(ticks[0]),
                "ticktext": list(ticks[1]),
                "range": [first - room, last + room],
                "showgrid": False,
            },
            yaxis=axis
            | {"title": {"text": plain(unit)}, "rangemode": "tozero", "nticks": 6, "tickformat": ","},
            showlegend=len(series) > 1,
            legend={"orientation": "h", "y": -0.28, "x": 0},
            hovermode="x",
            dragmode=False,
        )
    )
    return figure


@dataclass(frozen=True, slots=True)
class Slopes:
    """Areas that moved alike.

    Attributes
    ----------
    name : str
        For the legend.
    kind : str
        Of `DIRECTIONS`.
    codes, texts : tuple of str
        Code of every area and what is read at its dots; texts are data.
    first, second : tuple of float or None
        None, and not NaN, which is equal to nothing: charts are kept by what they are made of.
    """

    name: str
    kind: str
    codes: tuple[str, ...]
    texts: tuple[str, ...]
    first: tuple[float | None, ...]
    second: tuple[float | None, ...]


@_kept
def slopes(
    groups: tuple[Slopes, ...],
    named: tuple[tuple[str, float, bool], ...],
    years: tuple[str, str],
    unit: str,
    decimals: int,
    theme: Theme,
) -> go.Figure:
    """Two years of many areas: a line an area where its numbers compare, two dots without a line where they do not.

    Parameters
    ----------
    groups : tuple of Slopes
        Areas of the kind ``apart`` have no line.
    named : tuple of (name, value, at the right)
        Names that stand beside dots; data.
    years : tuple of str
        Texts of the two years.
    """
    figure = go.Figure()
    for group in groups:
        joined = group.kind != "apart"
        x: list[float | None] = []
        y: list[float | None] = []
        codes: list[str | None] = []
        texts: list[str | None] = []
        for code, text, first, second in zip(
            group.codes, group.texts, group.first, group.second, strict=True
        ):
            x += [0, 1, None]
            y += [first, second, None]
            codes += [code, code, None]
            texts += [plain(text), plain(text), None]
        figure.add_trace(
            go.Scatter(
                x=x,
                y=y,
                customdata=codes,
                hovertext=texts,
                hovertemplate=f"%{{hovertext}}: %{{y:,.{decimals}f}}<extra></extra>",
                mode="lines+markers" if joined else "markers",
                name=plain(group.name),
                line={"color": DIRECTIONS[theme.name][group.kind], "width": 1.5},
                marker={
                    "size": 7,
                    "color": DIRECTIONS[theme.name][group.kind],
                    "symbol": "circle" if joined else "circle-open",
                },
                # A dot chosen must not fade the lines of all others.
                unselected={"marker": {"opacity": 1}},
            )
        )
    for right in (False, True):
        at = [(name, value) for name, value, side in named if side is right]
        if at:
            figure.add_trace(
                go.Scatter(
                    x=[1.0 if right else 0.0] * len(at),
                    y=[value for _, value in at],
                    text=[plain(f"  {name}" if right else f"{name}  ") for name, _ in at],
                    mode="text",
                    textposition="middle right" if right else "middle left",
                    textfont={"size": 12, "color": theme.text},
                    hoverinfo="skip",
                    showlegend=False,
                    cliponaxis=False,
                )
            )
    axis = {"gridcolor": theme.grid, "zeroline": False, "automargin": True, "linecolor": theme.grid}
    figure.update_layout(
        _layout(
            theme,
            460,
            xaxis=axis
            | {
                "tickvals": [0, 1],
                "ticktext": [plain(t) for t in years],
                "range": [-0.15, 1.75],
                "side": "top",
            },
            yaxis=axis
            | {"title": {"text": plain(unit)}, "rangemode": "tozero", "nticks": 6, "tickformat": ","},
            legend={"orientation": "h", "y": -0.06, "x": 0},
            hovermode="closest",
            dragmode=False,
            clickmode="event+select",
        )
    )
    return figure
