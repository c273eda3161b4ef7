"""What became of the light of an area, as bars."""

from __future__ import annotations

from functools import lru_cache

import plotly.graph_objects as go

from ui.charts import FONT
from ui.palette import Theme

COLOURS = {
    "light": {
        "newly_lit": "#b35806", "brighter": "#f1a340", "steady": "#8a9aa2", "dimmer": "#998ec3", "gone_dark": "#542788",
    },
    "dark": {
        "newly_lit": "#fdb863", "brighter": "#e08214", "steady": "#8a9aa2", "dimmer": "#8073ac", "gone_dark": "#b2abd2",
    },
}  # fmt: skip
"""Orange for more light and purple for less, as on the map of differences."""

ROOM = 2.8
"""Width of the chart in lengths of its longest bar: what is written beside that has room on a phone too."""


@lru_cache(maxsize=256)
def transition_bars(
    kinds: tuple[str, ...],
    labels: tuple[str, ...],
    values: tuple[float, ...],
    texts: tuple[str, ...],
    theme: Theme,
) -> go.Figure:
    """Horizontal bars of land by what became of its light, the first on top.

    Parameters
    ----------
    kinds : tuple of str
        Keys of `COLOURS`.
    labels, texts : tuple of str
        Names of the kinds, and what is written beside the bars.
    values : tuple of float
        Square kilometres, not negative.
    """
    figure = go.Figure(
        go.Bar(
            x=list(values),
            y=list(labels),
            text=list(texts),
            textposition="outside",
            cliponaxis=False,
            orientation="h",
            marker={"color": [COLOURS[theme.name][k] for k in kinds]},
            hovertext=list(texts),
            hoverinfo="text",
        )
    )
    figure.update_layout(
        template="none",
        height=42 * len(labels) + 24,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        font={"family": FONT, "size": 14, "color": theme.text},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hoverlabel={"font": {"family": FONT, "size": 14}},
        xaxis={"visible": False, "range": [0, (max(values) or 1.0) * ROOM]},
        yaxis={"autorange": "reversed", "automargin": True, "ticksuffix": "  ", "showgrid": False},
        bargap=0.35,
    )
    return figure
