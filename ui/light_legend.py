"""Legends of light: a bar of the picture's own colours with the stops of its scale, and what must be read beside it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from analytics.light_scale import DifferenceScale, LightScale
from ui.palette import RGB, Theme, hex_of
from ui.style import NOTE

BAR_HEIGHT = 230  # pixels
MINUS = "\u2212"
"""Stands before a number in labels; a hyphen would be read as "to" there."""


def scale_html(
    title: str,
    unit: str,
    scale: LightScale | DifferenceScale,
    colours: Sequence[RGB],
    notes: Sequence[str],
    theme: Theme,
    clear: tuple[RGB, str],
    strong: Sequence[str] = (),
) -> str:
    """HTML of the legend of a picture; every text is escaped.

    Parameters
    ----------
    scale : LightScale or DifferenceScale
        Decides where each stop stands, as it decides the colours of the picture.
    colours : sequence of RGB
        From the first of the scale to the last, evenly spread.
    notes : sequence of str
        Lines below the bar.
    clear : tuple of RGB and str
        What is left clear: the colour of the ground, and what to call it.
    strong : sequence of str
        Lines that must not be missed, above the others.
    """
    stops = ",".join(hex_of(c) for c in reversed(colours))
    marks = "".join(
        f'<span style="top:{100 * (1 - float(place)):.2f}%">{escape(stop_text(stop, scale))}</span>'
        for stop, place in zip(scale.stops, scale.position(scale.stops), strict=True)
    )
    style = (
        f".daomap-scale{{font-size:{NOTE};line-height:1.45;color:{theme.text}}}"
        f".daomap-scale p{{margin:4px 0 0;color:{theme.muted}}}.daomap-scale p.strong{{color:{theme.text};font-weight:600}}"
        f".daomap-bar{{position:relative;height:{BAR_HEIGHT}px;margin:14px 0 14px;width:120px}}"
        f".daomap-bar i{{position:absolute;inset:0 auto 0 0;width:26px;border:1px solid {theme.grid};"
        f"background:linear-gradient({stops})}}"
        ".daomap-bar span{position:absolute;left:26px;transform:translateY(-50%);padding-left:12px;line-height:1;"
        "font-variant-numeric:tabular-nums;white-space:nowrap}"
        f'.daomap-bar span::before{{content:"";position:absolute;left:0;top:50%;width:7px;border-top:1px solid {theme.muted}}}'
        f".daomap-scale em{{display:inline-block;width:26px;height:14px;border:1px solid {theme.grid};vertical-align:-2px}}"
    )
    ground, name = clear
    lines = "".join(f'<p class="strong">{escape(n)}</p>' for n in strong)
    lines += f'<p><em style="background:{hex_of(ground)}"></em> {escape(name)}</p>'
    lines += "".join(f"<p>{escape(n)}</p>" for n in notes)
    return (
        f'<style>{style}</style><div class="daomap-scale"><b>{escape(title)}</b><p>{escape(unit)}</p>'
        f'<div class="daomap-bar"><i></i>{marks}</div>{lines}</div>'
    )


def stop_text(stop: float, scale: LightScale | DifferenceScale) -> str:
    """A stop as text; differences carry their sign."""
    sign = "+" if isinstance(scale, DifferenceScale) and stop > 0 else ""
    return f"{sign}{stop:g}".replace("-", MINUS)
