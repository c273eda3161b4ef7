"""The two lists that lead to an indicator: its theme, and the indicators of the theme that there are."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from analytics.catalogue import THEMES, indicator
from ui.frame import Context, choose, go


def indicator_controls(c: Context, shown: str, offered: Sequence[str], *, width: int = 400) -> None:
    """Draw both lists; a theme chosen opens its first indicator.

    Parameters
    ----------
    shown : str
        The indicator the page shows.
    offered : sequence of str
        Indicators to choose from, in the catalogue's order; `shown` is one of them.
    """
    w = c.words
    by_theme = {theme: [i for i in offered if indicator(i).theme == theme] for theme in THEMES}
    firsts = {theme: members[0] for theme, members in by_theme.items() if members}
    theme = indicator(shown).theme
    st.session_state["w_theme"] = theme
    st.selectbox(
        w("indicator.theme"),
        list(firsts),
        key="w_theme",
        format_func=lambda t: w(f"theme.{t}"),
        on_change=_open_theme,
        args=(firsts,),
        width=200,
    )
    choose(
        st.selectbox,
        w("indicator.label"),
        "ind",
        by_theme[theme],
        lambda i: w.pick(indicator(i).name_th, indicator(i).name_en),
        value=shown,
        width=width,
    )


def _open_theme(firsts: dict[str, str]) -> None:
    go(ind=firsts[st.session_state["w_theme"]])
