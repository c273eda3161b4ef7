"""The address that opens exactly the view on the screen."""

from __future__ import annotations

from datetime import date
from urllib.parse import quote, urlencode, urlsplit

import streamlit as st

from ui.state import View, to_params

HERE_ONLY = ("127.0.0.1", "localhost", "::1")


def link_of(view: View) -> str:
    """Address of a view of this page, as the browser of who asks reaches it: through a proxy and under a prefix too.

    Empty where no browser has told its address.
    """
    base = (st.context.url or "").partition("?")[0]
    base += "/" if base and not urlsplit(base).path else ""
    return base and base + "?" + urlencode(to_params(view), quote_via=quote, safe="~!,")


def opens_here_only(link: str) -> bool:
    """Whether an address names the machine it is opened on, so that it finds nothing anywhere else.

    >>> opens_here_only("http://localhost:8501/neet?area=TH"), opens_here_only("https://daomap.example/?area=TH")
    (True, False)
    """
    return urlsplit(link).hostname in HERE_ONLY


_MONTHS = {
    "th": ("มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน", "กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม",
           "พฤศจิกายน", "ธันวาคม"),
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December"),
}  # fmt: skip


def day_text(day: date, language: str) -> str:
    """A day as its readers write it.

    >>> day_text(date(2026, 11, 23), "th"), day_text(date(2026, 11, 23), "en")
    ('23 พฤศจิกายน 2569', '23 November 2026')
    """
    year = day.year + 543 if language == "th" else day.year
    return f"{day.day} {_MONTHS[language][day.month - 1]} {year}"
