"""What of the ranking stays under other weights, cut-offs and years, and which areas are worse at every cut-off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from ui.frame import Context, choose, go
from ui.markdown import escape_markdown, markdown_table
from ui.mpi_charts import Curve, cut_off_curves, rank_intervals
from ui.mpi_panels import cut_text, source_text
from ui.mpi_state import (
    MOST_RANKED,
    SETTINGS,
    Choice,
    area_shown,
    curved,
    cuts_around,
    share_of,
    stable,
)
from ui.panels import parent_of_view
from ui.state import SPREADS
from ui.tables import display_name, year_label

if TYPE_CHECKING:
    from analytics.robustness import Stability

BARS = 15
FEWEST = 5
"""Areas of which one can be the worst fifth."""
OFTEN = 0.95


def ranked_by(choice: Choice) -> str:
    """The measure areas are ranked by under many settings; a censored headcount leaves it to M0."""
    return {"h": "H", "a": "A"}.get(choice.measure, "M0")


def years_of(c: Context, choice: Choice) -> tuple[int, ...]:
    """Years that settings vary over, the one shown last."""
    q = choice.question
    others = [y for y in choice.edition.years if y != q.year and q.level in choice.edition.levels[y]]
    return (*others, q.year) if c.view.pool else (q.year,)


def stability_of(c: Context, choice: Choice) -> Stability | None:
    """`ui.mpi_state.stable` of the view."""
    q = choice.question
    return stable(
        c.warehouse.snapshot, q.key, q.level, q.within, years_of(c, choice), q.cut, q.weights,
        ranked_by(choice), c.view.spread,
    )  # fmt: skip


def percent(share: float) -> str:
    """A share of settings; all of them and none of them are never rounded to.

    >>> percent(0.9996), percent(1.0), percent(0.0004), percent(0.94)
    ('99 %', '100 %', '1 %', '94 %')
    """
    if 0 < share < 1:
        return f"{min(99, max(1, round(100 * share)))} %"
    return f"{round(100 * share)} %"


def stability_panel(c: Context, choice: Choice) -> None:
    """How often areas are in the worst fifth, and between which places they move."""
    w, q = c.words, choice.question
    st.subheader(w("mpi.robust"), anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="mpi_robust_controls"):
        choose(
            st.segmented_control, w("mpi.spread"), "spread", SPREADS, lambda s: w(f"mpi.spread_{s}"),
            required=True, help=w("mpi.spread_help"),
        )  # fmt: skip
        if len([y for y in choice.edition.years if q.level in choice.edition.levels[y]]) > 1:
            st.session_state["w_pool"] = c.view.pool
            st.toggle(
                w("mpi.pool"), key="w_pool", on_change=lambda: go(pool=st.session_state["w_pool"]),
                help=w("mpi.pool_help"),
            )  # fmt: skip
    found = stability_of(c, choice)
    if found is None or len(found.codes) < FEWEST:
        st.info(w("mpi.no_ranks", few=FEWEST, most=f"{MOST_RANKED:,}"), icon=":material/info:")
        return
    names = {
        code: display_name(a.name_th, a.name_en, a.kind, w)
        for code in found.codes
        for a in (c.warehouse.area(code),)
    }
    at = {code: i for i, code in enumerate(found.codes)}
    for line in sentences(c, choice, found):
        st.markdown("- " + escape_markdown(line))
    order = sorted(range(len(found.codes)), key=lambda i: (found.rank[i], found.codes[i]))[:BARS]
    own = at.get(area_shown(c, choice))
    if own is not None and own not in order:
        order.append(own)
    left, right = st.columns(2, gap="medium")
    with left:
        st.plotly_chart(
            rank_intervals(
                tuple(names[found.codes[i]] for i in order),
                tuple(int(found.rank[i]) for i in order),
                tuple(int(found.low[i]) for i in order),
                tuple(int(found.high[i]) for i in order),
                names[found.codes[own]] if own is not None else "",
                len(found.codes),
                w("mpi.rank_axis"),
                c.theme,
            ),
            key=f"mpi_ranks_{q.level}_{q.within}",
            theme=None,
            config={"displayModeBar": False},
            alt=w("mpi.ranks_alt", area=c.name(c.area)),
        )
    with right:
        rows = [
            [
                str(int(found.rank[i])),
                names[found.codes[i]],
                percent(float(found.share[i])),
                f"{found.low[i]}–{found.high[i]}",
            ]
            for i in order
        ]
        headings = [w("ranking.rank"), w("ranking.name"), w("mpi.in_worst"), w("mpi.interval")]
        st.markdown(markdown_table(headings, rows, text=(1,)))
    st.caption(escape_markdown(w("mpi.ranks_note", source=source_text(c, choice))))


def settings_text(c: Context, choice: Choice) -> str:
    """Which settings were tried, in words."""
    w = c.words
    cuts = cuts_around(choice.spec, c.view.spread)
    years = ", ".join(year_label(y, w) for y in sorted(years_of(c, choice)))
    return w(
        f"mpi.settings_{c.view.spread}",
        n=f"{SETTINGS:,}",
        low=cut_text(c, cuts[0]),
        high=cut_text(c, cuts[-1]),
        years=years,
        measure=ranked_by(choice),
    )


def sentences(c: Context, choice: Choice, found: Stability) -> list[str]:
    """What the settings say, the area looked at first; plain text with names from data."""
    w = c.words
    lines = []
    at = {code: i for i, code in enumerate(found.codes)}
    own = at.get(area_shown(c, choice))
    if own is not None:
        lines.append(
            w(
                "mpi.own_robust",
                area=c.name(c.warehouse.area(found.codes[own])),
                share=percent(float(found.share[own])),
                n=f"{found.settings:,}",
                low=int(found.low[own]),
                high=int(found.high[own]),
                all=len(found.codes),
            )
        )
    worst = int(found.worst.sum())
    firm = int((found.worst & (found.share >= OFTEN)).sum())
    lines.append(w("mpi.firm", worst=worst, firm=firm, n=f"{found.settings:,}"))
    known = found.tau[np.isfinite(found.tau)]
    if len(known):
        middle, low = np.median(known), np.quantile(known, 0.05)
        lines.append(w("mpi.tau", middle=f"{middle:.2f}", low=f"{low:.2f}"))
    lines.append(settings_text(c, choice))
    return lines


def dominance_panel(c: Context, choice: Choice) -> None:
    """H and M0 over the cut-off of the area, its parent and the country, and how many pairs are told apart by all of them.

    In a box that is closed at first: what stands in one is not sent, and every move of a slider would send it all anew.
    """
    box = st.expander(
        c.words("mpi.dominance"), icon=":material/stacked_line_chart:", on_change="rerun", key="mpi_dominance"
    )
    if box.open:
        with box:
            _dominance(c, choice)


def _dominance(c: Context, choice: Choice) -> None:
    from analytics.robustness import dominates

    w, q = c.words, choice.question
    lines = {}
    for area in parent_of_view(c):
        if area.level not in choice.edition.levels[q.year]:
            continue
        one = curved(c.warehouse.snapshot, q.key, area.level, area.code, q.year, q.weights)
        if one is not None and len(one[0].codes) == 1:
            lines[c.name(area)] = one[0]
    if not lines:
        st.info(w("mpi.no_area"), icon=":material/info:")
        return
    cut = float(100 * share_of(choice.spec))
    for place, which, title in zip(
        st.columns(2, gap="medium"), ("heads", "adjusted"), ("H (%)", "M0"), strict=True
    ):
        scale = 100.0 if which == "heads" else 1.0
        # Areas may reach different sums of weights: all of them stand on one axis.
        k = sorted({float(x) for line in lines.values() for x in line.k})
        curves = tuple(
            Curve(name, tuple(scale * float(v) for v in _at(line.k, getattr(line, which)[0], k)))
            for name, line in lines.items()
        )
        with place:
            st.plotly_chart(
                cut_off_curves(tuple(100 * x for x in k), curves, cut, (w("mpi.k_axis"), title), c.theme),
                key=f"mpi_curve_{which}_{c.area.code}",
                theme=None,
                config={"displayModeBar": False},
                alt=w("mpi.curves_alt", measure=title, area=c.name(c.area)),
            )
    inside = curved(c.warehouse.snapshot, q.key, q.level, q.within, q.year, q.weights)
    if inside is not None and len(inside[0].codes) > 1:
        made, heads, adjusted = inside
        level = w(f"level.{q.level}")
        st.markdown(
            "- " + w("mpi.pairs", h=percent(heads), m0=percent(adjusted), n=len(made.codes), level=level)
        )
        at = {code: i for i, code in enumerate(made.codes)}
        own = at.get(area_shown(c, choice))
        if own is not None:
            worse = dominates(made.heads)
            said = w(
                "mpi.own_pairs",
                area=c.name(c.warehouse.area(made.codes[own])),
                over=int(worse[own].sum()),
                under=int(worse[:, own].sum()),
                all=len(made.codes) - 1,
            )
            st.markdown("- " + escape_markdown(said))
    st.caption(w("mpi.dominance_note"))


def _at(k: np.ndarray, values: np.ndarray, wanted: list[float]) -> np.ndarray:
    """A curve at other cut-offs: that of the next sum of weights somebody may reach; nobody beyond the last."""
    place = np.searchsorted(k, np.asarray(wanted) - 1e-12)
    return np.append(values, 0.0)[place]


def stability_frame(c: Context, choice: Choice) -> pd.DataFrame:
    """Ranks under many settings by area code, for downloads; without rows where there are none."""
    found = stability_of(c, choice)
    columns = ["worst_fifth_share", "rank_low", "rank_high"]
    if found is None or len(found.codes) < FEWEST:
        return pd.DataFrame(columns=columns)
    return pd.DataFrame(
        {"worst_fifth_share": found.share, "rank_low": found.low, "rank_high": found.high},
        index=list(found.codes),
    )
