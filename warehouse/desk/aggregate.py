"""Numbers of the target groups by subdistrict, from the store into a snapshot: the only thing of the desk that goes there.

They travel as a protected source, so that counts below the minimum, and as many others as keep them hidden, are taken out
when the snapshot is made. Only subdistricts are handed over; levels above are summed where every subdistrict is there, since a
store seldom holds a whole district.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd
import pyarrow as pa

from analytics.catalogue import Indicator, check_imported
from analytics.classify import ClassSpec
from analytics.vulnerability import (
    IncomeRule,
    failed_dimensions,
    housing_problem,
    levels,
    low_income,
    target_groups,
)
from warehouse.batch import OBSERVATION, SOURCE, Batch, import_id
from warehouse.desk.errors import DeskError
from warehouse.desk.store import About, DeskStore
from warehouse.publish import publish_batches
from warehouse.query import Warehouse
from warehouse.report import ImportReport
from warehouse.settings import Settings
from warehouse.snapshots import SnapshotInfo, Store

COUNTS: Final[Mapping[str, tuple[str, str, str]]] = {
    "t_group_persons": ("persons", "บุคคลที่สำรวจในแฟ้มครัวเรือน", "Persons surveyed in the household files"),
    "t_group_urgent": ("persons", "กลุ่มเร่งด่วน (ตกเกณฑ์ MPI)", "Urgent group (poor by MPI)"),
    "t_group_urgent_card": ("persons", "กลุ่มเร่งด่วน มีบัตรสวัสดิการ", "Urgent group, with a card"),
    "t_group_vulnerable": ("persons", "กลุ่มเปราะบาง ระดับ 0-3", "Vulnerable group, levels 0-3"),
    "t_group_card_not_poor": ("persons", "มีบัตรแต่ไม่ตกเกณฑ์ MPI", "Card holders not poor by MPI"),
    "t_group_card_no_data": ("persons", "มีบัตรแต่ข้อมูล MPI ไม่พอ", "Card holders without enough MPI data"),
    "t_group_missed": ("persons", "ผู้ตกหล่นที่เจ้าหน้าที่เพิ่มใหม่", "Missed persons added by officers"),
    "t_group_vulnerable_households": (
        "households",
        "ครัวเรือนเปราะบาง ระดับ 0-3",
        "Vulnerable households, levels 0-3",
    ),
}
"""Indicator -> unit and names. A part that would follow from two others by subtraction is not among them."""

REAL: Final = "desk"
SYNTHETIC: Final = "desk-synthetic"
"""Sources of the counts: of real persons, and of invented ones."""

_UNITS: Final = {"persons": ("คน", "persons"), "households": ("ครัวเรือน", "households")}


def group_counts(homes: pd.DataFrame, persons: pd.DataFrame, rule: IncomeRule) -> pd.DataFrame:
    """Numbers of the groups by subdistrict.

    Parameters
    ----------
    homes : DataFrame
        As `DeskStore.all_households`.
    persons : DataFrame
        As `DeskStore.group_persons`.
    rule : IncomeRule

    Returns
    -------
    DataFrame
        Indexed by code of subdistrict, a column for each of `COUNTS`.
    """
    homes = homes.assign(
        subdistrict=homes["area_code"].str[:6],
        poor=failed_dimensions(homes)["poor"],
        level=levels(
            low_income(homes, homes["members"], rule),
            housing_problem(homes),
            homes["dependants"],
            homes["dependants_most"],
        ),
    )
    people = persons.merge(
        homes[["household_id", "subdistrict", "poor", "level", "added"]], on="household_id", validate="m:1"
    )
    groups = target_groups(people)
    marks = pd.DataFrame(
        {
            "subdistrict": people["subdistrict"],
            "t_group_persons": True,
            "t_group_urgent": groups[["urgent_card", "urgent_no_card", "urgent_card_unknown"]].any(axis=1),
            "t_group_urgent_card": groups["urgent_card"],
            "t_group_vulnerable": groups["vulnerable"],
            "t_group_card_not_poor": groups["card_not_poor"],
            "t_group_card_no_data": groups["card_no_data"],
            "t_group_missed": groups["missed"],
        }
    )
    out = marks.groupby("subdistrict").sum().astype("int64")
    fragile = (homes["level"] >= 0).fillna(False).astype(bool)
    out["t_group_vulnerable_households"] = (
        homes[fragile].groupby("subdistrict").size().reindex(out.index, fill_value=0)
    )
    return out[list(COUNTS)]


def publish_groups(
    desk: DeskStore, about: About, settings: Settings, store: Store
) -> tuple[SnapshotInfo, int]:
    """Publish the numbers of the newest year of the desk as a protected source.

    Returns
    -------
    SnapshotInfo, int
        The new snapshot, and how many counts were handed over before hiding.

    Raises
    ------
    DeskError
        When there is no snapshot to add to, or it holds real counts and these are invented.
    StoreError
        When the numbers cannot be protected, or the home is busy.
    """
    current = store.current()
    if current is None:
        raise DeskError(
            "ยังไม่มีชุดข้อมูลให้เพิ่ม วิธีแก้: daomap build",
            "there is no snapshot to add to. To mend: daomap build",
        )
    if about.synthetic and _has(current, REAL):
        raise DeskError(
            "ชุดข้อมูลมีจำนวนของคนจริงจากแฟ้มครัวเรือนแล้ว จึงไม่เผยแพร่จำนวนสังเคราะห์ทับ วิธีแก้: ทดลองใน DAOMAP_HOME ของอีกโฟลเดอร์",
            "the snapshot holds counts of real persons from household files, so invented ones do not join them. To mend: try "
            "with DAOMAP_HOME set to another folder",
        )
    year = about.years[0]
    rule = IncomeRule(float(settings.desk.low_income), settings.desk.low_income_inclusive)
    counts = group_counts(desk.all_households(year), desk.group_persons(year), rule)
    batch = _batch(counts, year, about)
    return publish_batches(store, settings, [batch]), batch.observations.num_rows


def _has(snapshot: SnapshotInfo, source: str) -> bool:
    return source in set(Warehouse(snapshot).sources()["source_id"])


def _batch(counts: pd.DataFrame, year: int, about: About) -> Batch:
    source = SYNTHETIC if about.synthetic else REAL
    title_th = "แฟ้มครัวเรือนของเจ้าหน้าที่" + (" (ข้อมูลสังเคราะห์)" if about.synthetic else "")
    title_en = "Officers' household files" + (" (synthetic)" if about.synthetic else "")
    tall = counts.rename_axis("area_code").reset_index().melt("area_code", var_name="indicator")
    size = len(tall)
    value = pa.array(tall["value"].astype(float), pa.float64())
    batch = Batch(
        "households",
        import_id("desk", {"year": year, "last": about.imports[-1]}, about.imports),
        ImportReport(kind="households", rows_read=size, rows_accepted=size),
    )
    batch.observations = pa.table(
        {
            "area_code": pa.array(tall["area_code"].tolist(), pa.string()),
            "level": pa.array(["subdistrict"] * size, pa.string()),
            "indicator": pa.array(tall["indicator"].tolist(), pa.string()),
            "year": pa.array([year] * size, pa.int16()),
            "numerator": value,
            "denominator": pa.nulls(size, pa.float64()),
            "value": value,
            "basis": pa.array(["aggregated"] * size, pa.string()),
            "definition": pa.nulls(size, pa.string()),
            "source_id": pa.array([source] * size, pa.string()),
            "suppressed": pa.array([False] * size, pa.bool_()),
        },
        schema=OBSERVATION,
    )
    batch.sources = pa.Table.from_pylist(
        [
            {
                "source_id": source, "kind": "synthetic" if about.synthetic else "user", "publisher": "Daomap",
                "title_th": title_th, "title_en": title_en, "url": None, "licence": None, "year": year, "retrieved": None,
                "cells": "protected", "priority": 0,
            }
        ],
        schema=SOURCE,
    )  # fmt: skip
    batch.indicators = tuple(_entry(name, title_th) for name in COUNTS)
    batch.whole_years = True
    # Both speak of the same counts, and readers see one source: a trial would stand in front of the real numbers.
    batch.takes_over = () if about.synthetic else (SYNTHETIC,)
    batch.shown_as("protected", given=True)
    return batch


def _entry(name: str, title: str) -> Indicator:
    unit, th, en = COUNTS[name]
    unit_th, unit_en = _UNITS[unit]
    return check_imported(
        Indicator(
            id=name, theme="table", name_th=th, name_en=en, short_th=th[:40], short_en=en[:40],
            description_th=f"{th} จากแฟ้มครัวเรือนของเจ้าหน้าที่ ค่าที่น้อยถูกปกปิด",
            description_en=f"{en}, from the officers' household files, small counts hidden",
            unit=unit, unit_th=unit_th, unit_en=unit_en, numerator_th="", numerator_en="", denominator_th="",
            denominator_en="", worse="none" if name == "t_group_persons" else "high",
            levels=("country", "province", "district", "subdistrict"),
            method_th="นับรายตำบลจากแฟ้มครัวเรือน รวมขึ้นไปเมื่อครบทุกตำบล",
            method_en="Counted by subdistrict from the household files, summed where every subdistrict is there",
            sources=(title,), classes=ClassSpec("quantiles", 5), decimals=0, comparable=True, map=True,
            ramp="population" if name == "t_group_persons" else "poverty", additive=True,
        )
    )  # fmt: skip
