"""What the page of urgent issues says in words: its headline, an area's number in an order, and why it stands where it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.catalogue import DIMENSIONS, load_dimensions
from analytics.formatting import number, withheld_text
from analytics.urgency import Reason, reasons
from ui.frame import Context
from ui.tables import year_label
from ui.texts import Words
from ui.urgent_state import Choice


def dimension_name(dimension: str, words: Words) -> str:
    """A dimension's own name."""
    entry = load_dimensions()[dimension]
    return words.pick(entry.name_th, entry.name_en)


def dimension_of(indicator: str) -> str:
    """The dimension of ``target_<dimension>_rate``."""
    return next(d for d in DIMENSIONS if indicator == f"target_{d}_rate")


def percent(value: float, words: Words, decimals: int = 2) -> str:
    """A percentage above zero is never written as zero."""
    if pd.isna(value):
        return number(None)
    smallest = 10.0**-decimals
    if 0 < value < smallest / 2:
        return f"<{number(smallest, decimals, language=words.language)}%"
    return f"{number(value, decimals, language=words.language)}%"


def times_text(value: float, words: Words) -> str:
    """How many times: two figures, and no decimals where there are hundreds."""
    return number(value, 1 if value < 100 else 0, language=words.language)


def why(area: Mapping[str, Any], choice: Choice, above: str, words: Words) -> str:
    """Why an area stands where it does, one line of plain text; empty for one without a rank.

    Parameters
    ----------
    area : mapping
        A row of `Choice.table`.
    above : str
        Name of the area all of them lie in.
    """
    told = reasons(area, choice.whole, choice.order)
    return " · ".join(_part(one, above, choice, words) for one in told)


def _part(one: Reason, above: str, choice: Choice, words: Words) -> str:
    filled: dict[str, str] = {"above": above}
    for name, value in one.params.items():
        if name == "dimension":
            filled[name] = dimension_name(str(value), words)
        elif name == "order":
            filled[name] = order_name(str(value), choice, words)
        elif name == "times":
            filled[name] = times_text(float(value), words)
        elif name == "share":
            filled[name] = percent(float(value), words, 1)
        else:
            filled[name] = number(float(value), 0, language=words.language)
    return words(f"urgent.why_{one.key}", **filled)


def order_name(order: str, choice: Choice, words: Words) -> str:
    """What an order goes by; of several dimensions it may be their mean."""
    if order == "several" and choice.several_by == "mean":
        return words("urgent.by_mean")
    return words(f"urgent.by_{order}")


def value_text(area: Mapping[str, Any], choice: Choice, minimum: int, words: Words) -> str:
    """An area's number in the order of the page with what it is counted against; why there is none, where there is none."""
    if pd.isna(area["value"]):
        if area[f"{choice.order}_hidden"]:
            unit = "persons" if choice.order == "count" else "percent"
            return withheld_text(unit, minimum)
        return words("ranking.missing")

    def count(name: str) -> str:
        return number(area[name], 0, language=words.language)

    if choice.order == "rate":
        return words(
            "urgent.value_rate",
            rate=percent(area["rate"], words),
            count=count("count"),
            surveyed=count("surveyed"),
        )
    if choice.order == "count":
        return words("urgent.value_count", count=count("count"), rate=percent(area["rate"], words))
    if choice.several_by == "mean":
        return words("urgent.value_mean", mean=number(area["mean"], 2, language=words.language))
    return words(
        "urgent.value_several",
        rate=percent(area["several_rate"], words),
        count=count("several"),
        share=percent(area["several_share"], words, 1),
    )


def headline(c: Context, choice: Choice) -> str:
    """The page in one sentence: what stands out in the area, and where inside it to look first. Plain text."""
    w = c.words
    where = {"area": c.name(c.area), "year": year_label(choice.year, w)}
    parts = [_own_words(c, choice, where)]
    # In the order looked at, so that the sentence and the list below it name the same area first.
    ranked = choice.table[choice.table[f"rank_{choice.order}"] == 1]
    if len(ranked) == 1 and choice.plan.within == c.area.code:
        first = ranked.iloc[0].to_dict()
        parts.append(
            w(
                "urgent.headline_first",
                level=w(f"level.{choice.plan.level}"),
                order=order_name(choice.order, choice, w),
                name=c.name(c.warehouse.area(first["area_code"])),
                value=value_text(first, choice, c.warehouse.minimum, w),
            )
        )
    return " ".join(parts)


def _own_words(c: Context, choice: Choice, where: dict[str, str]) -> str:
    w, rows = c.words, choice.dimensions
    known = rows.dropna(subset="rate")
    # One hidden dimension could be the one that stands out.
    if len(known) == len(DIMENSIONS):
        reference, top = choice.reference, known.iloc[0]
        if reference is not None and top["gap"] > 0:
            return w(
                "urgent.headline_above",
                **where,
                dimension=dimension_name(dimension_of(top["indicator"]), w),
                parent=c.name(reference[0]),
                rate=percent(top["rate"], w),
                other=percent(top["parent_rate"], w),
                count=number(top["count"], 0, language=w.language),
            )
        most = known.loc[known["rate"].idxmax()]
        return w(
            "urgent.headline_most",
            **where,
            dimension=dimension_name(dimension_of(most["indicator"]), w),
            rate=percent(most["rate"], w),
            count=number(most["count"], 0, language=w.language),
        )
    poor, rate = choice.value("target_poor"), choice.value("target_poor_rate")
    if pd.notna(poor) and pd.notna(rate):
        return w(
            "urgent.headline_poor",
            **where,
            count=number(poor, 0, language=w.language),
            rate=percent(rate, w),
        )
    hidden = bool(choice.rows(["target_poor"])["suppressed"].iloc[0])
    return w("urgent.headline_hidden" if hidden else "urgent.headline_none", **where)
