"""What the synthetic country has besides its survey: young people, public services and scores of villages, all invented."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from analytics.services import load_services
from analytics.village_specs import catalogue_entries, shipped_specs
from geo.codes import official_areas
from warehouse.batch import OBSERVATION, PLACE, SOURCE, VILLAGE_SCORE, Batch, import_id
from warehouse.demo.land import smooth_field
from warehouse.protection import SYNTHETIC
from warehouse.report import ImportReport

NEET_YEAR: Final = 2023
NEET_DEFINITION: Final = "neet-unpaid-family-working"
VILLAGE_SPEC: Final = "plan12"
VILLAGE_YEAR: Final = 2021
"""Within the years of `VILLAGE_SPEC`, common era."""
PRIORITY: Final = 5


def source_row(
    source_id: str, th: str, en: str, year: int | None, *, cells: str = "published"
) -> dict[str, object]:
    """A source as the table ``source`` has it: of the kind ``synthetic``, so that every screen says so."""
    return {
        "source_id": source_id,
        "kind": "synthetic",
        "publisher": "Daomap",
        "title_th": f"{th} (ข้อมูลสังเคราะห์ ไม่ใช่ข้อมูลจริง)",
        "title_en": f"{en} (synthetic, not real)",
        "url": None,
        "licence": "MIT (Daomap)",
        "year": year,
        "retrieved": None,
        "cells": cells,
        "priority": PRIORITY,
    }


def _batch(kind: str, seed: int, rows: int, sources: list[dict[str, object]], **parts: object) -> Batch:
    report = ImportReport(kind=kind)
    report.rows_read = report.rows_accepted = rows
    report.facts["synthetic"] = {"seed": seed}
    return Batch(
        kind,
        import_id(f"demo-{kind}", {"seed": seed, "sources": [s["source_id"] for s in sources]}, []),
        report,
        sources=pa.Table.from_pylist(sources, schema=SOURCE),
        **parts,  # type: ignore[arg-type]
    )


def neet_batch(youth: pd.DataFrame, villages: pd.DataFrame, seed: int, *, whole: bool = True) -> Batch:
    """An invented labour force survey of young people by district and province.

    Parameters
    ----------
    youth : DataFrame
        Index district codes, column ``youth``: persons of 15 to 24 years.
    villages : DataFrame
        ``code, longitude, latitude`` (EPSG:4326): a district lies in the middle of its villages.
    seed : int
    whole : bool
        Whether these are all districts of the country, which has a figure then.
    """
    rng = np.random.default_rng([seed, 5])
    codes = [str(code) for code in youth.index]
    middle = villages.groupby(villages["code"].str[:4])[["longitude", "latitude"]].mean()
    field = smooth_field(middle.loc[codes].to_numpy(float), 0.7, rng)
    rate = np.clip(0.145 + 0.04 * field + 0.02 * rng.standard_normal(len(codes)), 0.03, 0.4)
    districts = pd.DataFrame({"youth_15_24": youth["youth"].to_numpy()}, index=codes)
    districts["neet"] = np.rint(rate * districts["youth_15_24"])
    districts["neet_sample"] = np.maximum(np.rint(districts["youth_15_24"] * 0.02), 5)
    levels = {
        "district": districts,
        "province": districts.groupby(districts.index.str[:2]).sum(),
    }
    if whole:
        levels["country"] = districts.groupby(np.repeat("TH", len(districts))).sum()
    source = source_row(
        "synthetic-neet",
        "การสำรวจแรงงานสังเคราะห์: เยาวชน NEET",
        "Synthetic labour force survey: NEET",
        NEET_YEAR,
        cells=SYNTHETIC,
    )
    rows: list[dict[str, object]] = []
    for level, frame in levels.items():
        for code, one in frame.iterrows():
            young, neet, sample = (float(one[name]) for name in ("youth_15_24", "neet", "neet_sample"))
            share = neet / young if young else 0.0
            # A sample of clusters is worth half of as many persons drawn one by one.
            error = 100.0 * float(np.sqrt(2.0 * share * (1.0 - share) / sample))
            for name, value, basis, parts in (
                ("youth_15_24", young, "published", (young, None)),
                ("neet", neet, "published", (neet, young)),
                ("neet_sample", sample, "published", (sample, None)),
                ("neet_rate", 100.0 * share, "derived", (neet, young)),
                ("neet_standard_error", error, "published", (None, None)),
            ):
                rows.append(
                    {
                        "area_code": str(code),
                        "level": level,
                        "indicator": name,
                        "year": NEET_YEAR,
                        "numerator": parts[0],
                        "denominator": parts[1],
                        "value": value,
                        "basis": basis,
                        "definition": NEET_DEFINITION,
                        "source_id": "synthetic-neet",
                        "suppressed": False,
                    }
                )
    table = pa.Table.from_pylist(rows, schema=OBSERVATION)
    return _batch("neet", seed, table.num_rows, [source], observations=table)


# grade, of each area of a level, how many on average, in words before the area's name
_SERVICES: Final = (
    ("health", "primary_care", "subdistrict", 1.2, "รพ.สต.สมมติ", "Health centre"),
    ("health", "community_hospital", "district", 0.85, "รพ.สมมติ", "Community hospital"),
    ("health", "general_hospital", "province", 1.2, "รพ.ทั่วไปสมมติ", "General hospital"),
    ("school", "primary", "subdistrict", 2.6, "รร.บ้านสมมติ", "Primary school"),
    ("school", "expansion", "subdistrict", 0.9, "รร.ขยายโอกาสสมมติ", "Opportunity expansion school"),
    ("school", "secondary", "district", 2.4, "รร.มัธยมสมมติ", "Secondary school"),
    ("school", "vocational", "province", 4.0, "วิทยาลัยสมมติ", "Vocational college"),
    ("office", "district_office", "district", 1.0, "ที่ว่าการสมมติ", "District office"),
    ("office", "province_hall", "province", 1.0, "ศาลากลางสมมติ", "Province hall"),
)  # fmt: skip
_KIND_TITLES: Final = {
    "health": ("สถานบริการสุขภาพสังเคราะห์", "Synthetic health facilities"),
    "school": ("โรงเรียนสังเคราะห์", "Synthetic schools"),
    "office": ("ที่ว่าการสังเคราะห์", "Synthetic offices"),
}


def places_batch(villages: pd.DataFrame, seed: int) -> Batch:
    """Invented hospitals, health centres, schools and offices, each near one of the made-up villages.

    Parameters
    ----------
    villages : DataFrame
        ``code, longitude, latitude`` (EPSG:4326) of all villages.
    seed : int
    """
    rng = np.random.default_rng([seed, 6])
    codes = villages["code"].to_numpy(str)
    areas = official_areas()
    frames = []
    for kind, grade, level, mean, th, en in _SERVICES:
        if grade not in load_services().of_kind(kind):
            raise ValueError(f"services.toml: found no grade {grade} of {kind}")
        width = {"province": 2, "district": 4, "subdistrict": 6}[level]
        owner = np.array([code[:width] for code in codes])
        # Villages shuffled, then the first few of each area.
        order = rng.permutation(len(codes))
        order = order[np.argsort(owner[order], kind="stable")]
        names, starts, sizes = np.unique(owner[order], return_index=True, return_counts=True)
        number = np.full(len(names), int(mean)) + (rng.random(len(names)) < mean - int(mean))
        rank = np.arange(len(order)) - np.repeat(starts, sizes)
        chosen = order[rank < np.repeat(number, sizes)]
        serial = rank[rank < np.repeat(number, sizes)] + 1
        frames.append(
            pd.DataFrame(
                {
                    "place_id": [f"syn-{grade}-{owner[c]}-{s}" for c, s in zip(chosen, serial, strict=True)],
                    "source_id": f"synthetic-{kind}",
                    "kind": kind,
                    "grade": grade,
                    "name_th": [
                        f"{th} {areas[owner[c]].name_th} {s}" for c, s in zip(chosen, serial, strict=True)
                    ],
                    "name_en": [
                        f"{en} {areas[owner[c]].name_en} {s}" for c, s in zip(chosen, serial, strict=True)
                    ],
                    "code": None,
                    "area_code": [code[:6] for code in codes[chosen]],
                    "longitude": villages["longitude"].to_numpy(float)[chosen],
                    "latitude": villages["latitude"].to_numpy(float)[chosen],
                    "approximate": False,
                    "capacity": np.where(
                        kind == "school", np.rint(np.exp(rng.normal(4.9, 0.7, len(chosen)))), np.nan
                    ),
                    "capacity_unit": "pupils" if kind == "school" else None,
                    "note": "synthetic",
                }
            )
        )
    table = pa.Table.from_pandas(pd.concat(frames, ignore_index=True), schema=PLACE, preserve_index=False)
    sources = [source_row(f"synthetic-{kind}", *titles, None) for kind, titles in _KIND_TITLES.items()]
    return _batch("places", seed, table.num_rows, sources, places=table)


def scores_batch(villages: pd.DataFrame, seed: int) -> Batch:
    """Invented scores of กชช.2ค of every village, by a specification that says itself that nobody checked it.

    Parameters
    ----------
    villages : DataFrame
        ``code, longitude, latitude`` (EPSG:4326).
    seed : int
    """
    rng = np.random.default_rng([seed, 7])
    spec = shipped_specs()[VILLAGE_SPEC]
    points = villages[["longitude", "latitude"]].to_numpy(float)
    hardship = 0.9 * smooth_field(points, 0.5, rng) + 0.4 * rng.standard_normal(len(points))
    count, indicators = len(points), [i.id for i in spec.indicators]
    ease = rng.normal(1.35, 0.5, len(indicators))
    latent = ease - 0.6 * hardship[:, None] + rng.standard_normal((count, len(indicators)))
    score = np.select([latent < 0.0, latent < 0.9], [1, 2], 3).astype(np.int8)
    score[rng.random(score.shape) < 0.02] = 0
    source = f"synthetic-nrd-{spec.id}-{VILLAGE_YEAR + 543}"
    table = pa.table(
        {
            "code": pa.array(
                np.repeat(villages["code"].to_numpy(str), len(indicators)).tolist(), pa.string()
            ),
            "spec": pa.repeat(pa.scalar(spec.id), score.size),
            "indicator": pa.array(indicators * count, pa.string()),
            "year": pa.repeat(pa.scalar(VILLAGE_YEAR, pa.int16()), score.size),
            "score": pa.array(score.ravel()),
            "source_id": pa.repeat(pa.scalar(source), score.size),
        },
        schema=VILLAGE_SCORE,
    )
    th = f"กชช.2ค สังเคราะห์ {spec.name_th} (ข้อกำหนดยังไม่ได้ตรวจ)"
    en = f"Synthetic scores of villages, {spec.name_en} (specification not verified)"
    return _batch(
        "villages",
        seed,
        count,
        [source_row(source, th, en, VILLAGE_YEAR)],
        village_scores=table,
        village_specs={spec.id: spec.entry},
        indicators=list(catalogue_entries(spec)),
    )
