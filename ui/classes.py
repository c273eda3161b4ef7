"""From a view's choice of classes to bounds, colours and legend rows: the one object map and legend share."""

from __future__ import annotations

from analytics.catalogue import Indicator
from analytics.classify import Classes, ClassSpec
from analytics.formatting import number
from analytics.stars import star_text
from ui.legend import LegendRow
from ui.palette import RGB, Theme, ramp
from ui.state import NO_DATA_CLASS, View, read_breaks
from ui.texts import Words

# Upper bound of the last class of a person's own bounds: everything above the highest of them.
OPEN_END = 1e12


def class_spec(indicator: Indicator, view: View) -> ClassSpec:
    """How the view wants the indicator classed; stars have classes of their own.

    A person's own bounds that cannot be used fall back to the catalogue's classes.
    """
    breaks = read_breaks(view.breaks)
    if (
        indicator.ramp == "stars"
        or view.method == "catalogue"
        or (view.method == "user_defined" and not breaks)
    ):
        return indicator.classes
    if view.method == "user_defined":
        return ClassSpec("user_defined", breaks=(*breaks, OPEN_END))
    return ClassSpec(view.method, k=view.k)


def colours(classes: Classes, indicator: Indicator) -> tuple[RGB, ...]:
    """One colour a class, from the lowest."""
    return ramp(indicator.ramp, classes.k) if classes.k else ()


def class_labels(m: Classes, indicator: Indicator, words: Words) -> list[str]:
    """What each class says, from the lowest; whole numbers start one above the class before."""
    if indicator.ramp == "stars":
        return [
            words("stars.row", stars=star_text(n, words.language), n=n) for n in range(1, len(m.bounds) + 1)
        ]

    def show(value: float) -> str:
        return number(value, indicator.decimals, language=words.language)

    labels = []
    whole = indicator.decimals == 0
    for i, high in enumerate(m.bounds):
        if i == 0:
            low = m.minimum if m.minimum is not None and m.minimum < high else None
            labels.append(
                words("legend.between", low=show(low), high=show(high)) if low is not None else show(high)
            )
        elif high == OPEN_END:
            labels.append(words("legend.above", low=show(m.bounds[i - 1])))
        else:
            before = m.bounds[i - 1]
            low = before + 1 if whole else before + 10**-indicator.decimals
            labels.append(
                words("legend.between", low=show(low), high=show(high)) if low < high else show(high)
            )
    return labels


def legend_rows(
    m: Classes, indicator: Indicator, words: Words, theme: Theme, *, hidden: bool = False
) -> tuple[list[LegendRow], LegendRow | None]:
    """Legend rows, the worst class first, and the row of no data (or `hidden` numbers) where there is any."""
    labels = class_labels(m, indicator, words)
    rows = [
        LegendRow(c, text, n, str(i))
        for i, (c, text, n) in enumerate(zip(colours(m, indicator), labels, m.counts, strict=True))
    ]
    label = words("legend.missing_or_hidden" if hidden else "legend.missing")
    missing = LegendRow(theme.missing, label, m.missing, NO_DATA_CLASS) if m.missing else None
    return (rows[::-1], missing)
