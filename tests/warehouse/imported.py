"""Indicators as an import brings them, for tests of what is done with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from analytics.catalogue import Indicator
from analytics.classify import ClassSpec

_LEVELS = ("country", "province", "district", "subdistrict")


def entry(name: str, **changes: Any) -> Indicator:
    """An indicator of an imported table, rain in millimetres unless changed."""
    made = Indicator(
        id=name,
        theme="table",
        name_th="ปริมาณฝน",
        name_en="Rain",
        short_th="ฝน",
        short_en="Rain",
        description_th="ฝนทั้งปีจากตารางที่นำเข้า",
        description_en="Rain of the year, from an imported table",
        unit="number",
        unit_th="มม.",
        unit_en="mm",
        numerator_th="",
        numerator_en="",
        denominator_th="",
        denominator_en="",
        worse="none",
        levels=_LEVELS,
        method_th="ตามที่แหล่งข้อมูลให้มา",
        method_en="As the source gives it",
        sources=("ตารางทดสอบ",),
        classes=ClassSpec(),
        decimals=1,
        comparable=True,
        map=True,
        ramp="population",
    )
    return replace(made, **changes)
