"""Numbers and years as text, in Thai and in English, the same on screens, in tooltips and in exports.

Thai text uses Arabic digits unless asked otherwise, as the agencies' own dashboards do.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import numpy as np

from analytics.catalogue import Indicator
from analytics.definitions import BUDDHIST_ERA
from analytics.stars import star_text

Language = Literal["th", "en"]

NO_DATA: Final = "–"
"""Stands in a table cell or tooltip where there is no data; never "0"."""

MILLION: Final = 1_000_000
_NUMBER: Final = re.compile(r"[+-]?\d[\d,]*(\.\d+)?([eE][+-]?\d+)?%?")
_STARTS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_THAI_DIGITS: Final = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
_ARABIC_DIGITS: Final = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")


def no_data_text(language: str = "th") -> str:
    """Return the words for an area without data, for a legend.

    >>> no_data_text("en")
    'no data'
    """
    return "ไม่มีข้อมูล" if language == "th" else "no data"


def withheld_text(unit: str, minimum: int) -> str:
    """Return what stands in the place of a hidden number; the star is explained in the source line.

    The same mark for a count below the minimum and for one hidden to keep it so: a reader who could tell them apart
    would know more of either.

    >>> withheld_text("persons", 5), withheld_text("percent", 5)
    ('<5*', '*')
    """
    return f"<{minimum}*" if unit in ("persons", "households") else "*"


def thai_digits(text: str) -> str:
    """Return `text` with Thai digits.

    >>> thai_digits("1,234.5")
    '๑,๒๓๔.๕'
    """
    return text.translate(_THAI_DIGITS)


def arabic_digits(text: str) -> str:
    """Return `text` with Arabic digits.

    >>> arabic_digits("๒๕๖๑")
    '2561'
    """
    return text.translate(_ARABIC_DIGITS)


def number(
    value: float | None,
    decimals: int = 0,
    *,
    language: str = "th",
    digits: Literal["arabic", "thai"] = "arabic",
) -> str:
    """Return a number with thousands separators.

    Parameters
    ----------
    value : float or None
        None, NaN and infinities are no data.
    decimals : int
        Digits after the point.
    language : str
        ``th`` or ``en``. Both write 1,234.5; the parameter keeps callers ready for one that does not.
    digits : str
        ``thai`` for Thai digits, in Thai text only.

    Examples
    --------
    >>> number(1032987), number(2.8187, 2), number(-0.001, 2), number(None)
    ('1,032,987', '2.82', '0.00', '–')
    >>> number(1234, digits="thai"), number(1234, language="en", digits="thai")
    ('๑,๒๓๔', '1,234')
    """
    if value is None or not np.isfinite(value):
        return NO_DATA
    # Adding zero after rounding turns "-0.00" into "0.00".
    text = f"{round(float(value), decimals) + 0.0:,.{decimals}f}"
    return thai_digits(text) if digits == "thai" and language == "th" else text


def percent(value: float | None, decimals: int = 2, *, language: str = "th") -> str:
    """Return a percentage; `value` is in percent already.

    >>> percent(2.8187), percent(float("nan"))
    ('2.82%', '–')
    """
    text = number(value, decimals, language=language)
    return text if text == NO_DATA else f"{text}%"


def millions(value: float | None, decimals: int = 0, *, language: str = "th") -> str:
    """Return an amount in baht as millions of baht.

    >>> millions(405_296_102_818, language="en"), millions(405_296_102_818)
    ('405,296 million baht', '405,296 ล้านบาท')
    """
    if value is None or not np.isfinite(value):
        return NO_DATA
    unit = "ล้านบาท" if language == "th" else "million baht"
    return f"{number(value / MILLION, decimals, language=language)} {unit}"


def value_text(value: float | None, indicator: Indicator, *, language: str = "th") -> str:
    """Return a value with its unit, as in a tooltip.

    Parameters
    ----------
    value : float or None
        In the indicator's unit; None and NaN give "–".
    indicator : Indicator
        Decides decimals and unit. Baht of a million and more are written in millions.
    language : str
        ``th`` or ``en``.

    Examples
    --------
    >>> from analytics.catalogue import indicator
    >>> value_text(1032987, indicator("target_poor"), language="en")
    '1,032,987 persons'
    >>> value_text(2.8187, indicator("target_poor_rate"))
    '2.82%'
    >>> value_text(4, indicator("stars"))
    '★★★★☆'
    """
    if value is None or not np.isfinite(value):
        return NO_DATA
    if indicator.unit == "percent":
        return percent(value, indicator.decimals, language=language)
    if indicator.unit == "stars":
        return star_text(int(value), language)
    if indicator.unit == "baht" and abs(value) >= MILLION:
        return millions(value, language=language)
    unit = indicator.unit_th if language == "th" else indicator.unit_en
    return f"{number(value, indicator.decimals, language=language)} {unit}"


def year_text(year: int, language: str = "th", *, era: bool = False) -> str:
    """Return a year of the common era as its readers write it: Buddhist era in Thai, common era in English.

    Parameters
    ----------
    year : int
        Common era.
    language : str
        ``th`` or ``en``.
    era : bool
        With "พ.ศ." before the Thai year; English years stand alone.

    Examples
    --------
    >>> year_text(2018), year_text(2018, era=True), year_text(2018, "en")
    ('2561', 'พ.ศ. 2561', '2018')
    """
    if language != "th":
        return str(year)
    return f"พ.ศ. {year + BUDDHIST_ERA}" if era else str(year + BUDDHIST_ERA)


def safe_cell(value: object) -> object:
    """Text that would start a formula gets a leading apostrophe; numbers and phone-like text stay as they are.

    >>> safe_cell("=HYPERLINK(1)"), safe_cell("-5.2"), safe_cell("+66812345678"), safe_cell("0105")
    ("'=HYPERLINK(1)", '-5.2', '+66812345678', '0105')
    """
    if (
        isinstance(value, str)
        and value.lstrip().startswith(_STARTS_FORMULA)
        and not _NUMBER.fullmatch(value.strip())
    ):
        return "'" + value
    return value
