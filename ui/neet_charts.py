"""Charts of NEET: bars with intervals beside the means they are set against, and NEET beside a deprivation."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from ui.charts import _kept, _layout, plain
from ui.palette import Theme

BAR_HEIGHT = 26
AXIS_HEIGHT = 40
LEGEND_HEIGHT = 26


@dataclass(frozen=True, slots=True)
class Line:
    """A rate that bars are set against."""

    label: str
    value: float
    dash: str


@_kept
def rate_bars(
    labels: tuple[str, ...],
    values: tuple[float, ...],
    spans: tuple[tuple[float, float], ...],
    texts: tuple[str, ...],
    marked: str,
    lines: tuple[Line, ...],
    theme: Theme,
) -> go.Figure:
    """Horizontal bars, the first label on top, each with its 95 % interval, and a vertical line for every mean.

    Parameters
    ----------
    labels : tuple of str, length n
        Names are data and drawn as plain text.
    values : tuple of float, length n
        Percent.
    spans : tuple of (low, high), length n
        NaN where there is no interval.
    texts : tuple of str, length n
        Written beside the bars.
    marked : str
        Label of the area looked at, drawn stronger; empty for none.
    lines : tuple of Line
    """
    shown = [plain(label) for label in labels]
    figure = go.Figure(
        go.Bar(
            x=list(values),
            y=shown,
            orientation="h",
            marker={
                "color": theme.accent,
                "opacity": [1.0 if not marked or label == marked else 0.55 for label in labels],
            },
            error_x=_intervals(values, spans, theme),
            text=list(texts),
            textposition="inside",
            insidetextanchor="start",
            textfont={"color": theme.background, "size": 12},
            constraintext="none",
            hoverinfo="skip",
            showlegend=False,
        )
    )  # fmt: skip
    for line in lines:
        figure.add_trace(
            go.Scatter(
                x=[line.value, line.value],
                y=[shown[0], shown[-1]],
                mode="lines",
                name=plain(line.label),
                line={"color": theme.text, "width": 2, "dash": line.dash},
                hoverinfo="skip",
            )
        )
    axis: dict[str, object] = {"automargin": True, "fixedrange": True}
    tops = [*values, *(high for _, high in spans if high == high), *(line.value for line in lines)]
    # Below the bars first the numbers of the axis, then a row of the legend for every line: on a phone they stack.
    below = AXIS_HEIGHT + LEGEND_HEIGHT * len(lines)
    figure.update_layout(
        _layout(
            theme,
            BAR_HEIGHT * len(labels) + 16 + below,
            margin={"l": 8, "r": 16, "t": 16, "b": below},
            xaxis=axis | {"range": [0, max(tops) * 1.05], "gridcolor": theme.grid, "ticksuffix": "%"},
            yaxis=axis | {"autorange": "reversed", "ticksuffix": "  ", "showgrid": False},
            bargap=0.25,
            legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0},
        )
    )  # fmt: skip
    return figure


def _intervals(
    values: tuple[float, ...], spans: tuple[tuple[float, float], ...], theme: Theme
) -> dict[str, object] | None:
    """Error bars, or none at all where no area has an interval: a bar of no length would claim certainty."""
    if not any(high == high for _, high in spans):
        return None
    return {
        "type": "data",
        "symmetric": False,
        "array": [high - v if high == high else None for v, (_, high) in zip(values, spans, strict=True)],
        "arrayminus": [v - low if low == low else None for v, (low, _) in zip(values, spans, strict=True)],
        "color": theme.text,
        "thickness": 1.5,
    }


@_kept
def beside(
    x: tuple[float, ...], y: tuple[float, ...], names: tuple[str, ...], titles: tuple[str, str], theme: Theme
) -> go.Figure:
    """NEET against a deprivation of the same areas; few areas carry their names.

    Parameters
    ----------
    x, y : tuple of float, length n
        Percent.
    names : tuple of str, length n
        Data, drawn as plain text.
    titles : of x and y
    """
    figure = go.Figure(
        go.Scatter(
            x=list(x),
            y=list(y),
            mode="markers+text" if len(names) <= 20 else "markers",
            text=[plain(name) for name in names],
            textposition="top center",
            textfont={"size": 12, "color": theme.text},
            hovertemplate="%{text}<br>%{x:.2f} · %{y:.2f}<extra></extra>",
            marker={"size": 10, "color": theme.accent, "line": {"width": 1, "color": theme.text}},
            cliponaxis=False,
        )
    )
    axis = {"gridcolor": theme.grid, "zeroline": False, "automargin": True, "fixedrange": True}
    figure.update_layout(
        _layout(
            theme,
            340,
            margin={"l": 56, "r": 24, "t": 24, "b": 56},
            xaxis=axis | {"title": {"text": plain(titles[0])}},
            yaxis=axis | {"title": {"text": plain(titles[1])}},
        )
    )
    return figure
