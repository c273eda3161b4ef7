"""The tables of published figures that ship: one schema a file, typed and ranged."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

from geo.codes import official_areas
from warehouse.schemas.cells import is_garbled
from warehouse.schemas.check import count, measure, text

_BAHT = 1e15


def _province(codes: pd.Series) -> pd.Series:
    known = {code for code, area in official_areas().items() if area.level == "province"}
    return codes.isin(known)


def _year_be(*years: int) -> pa.Column:
    """Years that have a source in `warehouse.sources.figures`."""
    return pa.Column(float, [pa.Check(lambda s: s.isin(years), name="year")])


def _code() -> pa.Column:
    return text("province", _province)


def _name() -> pa.Column:
    return text("garbled", lambda s: ~s.map(is_garbled).astype(bool))


PROVINCES = pa.DataFrameSchema(
    {
        "year_be": _year_be(2561, 2566),
        "area_code": _code(),
        "name_th": _name(),
        # Not every year's file has every count.
        "surveyed_persons": count(nullable=True),
        "surveyed_households": count(nullable=True),
        "poor_households": count(nullable=True),
        "mpi_poor_persons": count(nullable=True),
        "target_poor_persons": count(nullable=True),
        "target_health": count(nullable=True),
        "target_living": count(nullable=True),
        "target_education": count(nullable=True),
        "target_income": count(nullable=True),
        "target_access": count(nullable=True),
    },
    checks=[pa.Check(lambda f: ~f.duplicated(["year_be", "area_code"]), name="once")],
    name="tpmap_province.csv",
)
COUNTRY = pa.DataFrameSchema(
    {"year_be": _year_be(2561, 2565, 2566), "indicator": text(), "value": count(), "source_key": text()},
    checks=[pa.Check(lambda f: ~f.duplicated(["year_be", "indicator", "source_key"]), name="once")],
    name="tpmap_country.csv",
)
EXTREMES = pa.DataFrameSchema(
    {
        "year_be": _year_be(2565),
        "area_code": _code(),
        "name_th": _name(),
        "target_poor_persons": count(),
        "rate_percent": measure(0.0, 100.0, nullable=False),
    },
    checks=[pa.Check(lambda f: ~f.duplicated(["year_be", "area_code"]), name="once")],
    name="tpmap_2565_extremes.csv",
)
GPP = pa.DataFrameSchema(
    {
        "area_code": text("province", _province, unique=True),
        "name_th": _name(),
        "population": count(),
        "gpp_baht": measure(0.0, _BAHT, nullable=False),
        "gpp_per_head_baht": measure(0.0, _BAHT, nullable=False),
        "agriculture_share_percent": measure(0.0, 100.0, nullable=False),
    },
    name="gpp_2024.csv",
)
NEET = pa.DataFrameSchema(
    {
        "area_code": text("province", _province),
        "name_th": _name(),
        "neet_percent": measure(0.0, 100.0, nullable=False),
        # The slides state no year.
        "year_be": pa.Column(float, [pa.Check(lambda s: s == 2563, name="year")], nullable=True),
        "source_key": text("source", lambda s: s.isin(["unicef", "guidance"])),
    },
    checks=[
        pa.Check(lambda f: ~f.duplicated(["source_key", "area_code"]), name="once"),
        pa.Check(lambda f: (f["source_key"] == "guidance") == f["year_be"].isna(), name="year_of_source"),
    ],
    name="neet_province.csv",
)
