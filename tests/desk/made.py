"""Invented households: names of syllables that make no name, numbers of citizens that nobody has."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import Any

from analytics.survey_columns import DEPRIVATIONS

SYLLABLES = ("กะปุ", "ซาโล", "มิเต", "ปูนา", "เวทิ", "โกซู", "รามี", "ฮูเล", "ชะเบ", "ดิโฟ")
TAMBONS = ("550101", "550102", "55020301", "950101")


def household(n: int, **changed: Any) -> dict[str, Any]:
    chance = random.Random(n)
    row: dict[str, Any] = {
        "household_id": f"H{n:05d}",
        "area_code": TAMBONS[n % len(TAMBONS)],
        "house_no": f"{700 + n}/{n % 7}ฆ",
        "recorded": n % 2,
        "income_main": chance.choice((20_000, 150_000, 400_000)),
        "income_secondary": 0,
        "income_other": 0,
        "income_own_produce": 0,
    }
    row |= {f"ind{number}": chance.choice((0, 0, 0, 0, 0, 1, 2)) for number in DEPRIVATIONS}
    return row | changed


def person(n: int, of: int, **changed: Any) -> dict[str, Any]:
    chance = random.Random(10_000 + n)
    return {
        "person_id": f"P{n:06d}",
        "household_id": f"H{of:05d}",
        "age": chance.randint(0, 90),
        "sex": chance.choice("mf"),
        "head": int(n % 3 == 0),
        "disabled": 0,
        "bedridden": 0,
        "chronically_ill": 0,
        "welfare_card": n % 2,
        "citizen_id": f"9{n:012d}",
        "title": "นาย" if n % 2 else "นาง",
        "first_name": chance.choice(SYLLABLES) + chance.choice(SYLLABLES) + f"ฬ{n}",
        "last_name": chance.choice(SYLLABLES) + chance.choice(SYLLABLES) + f"ฌ{n}",
    } | changed


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, list(rows[0]))
        out.writeheader()
        out.writerows(rows)
    return path


def files(folder: Path, households: int = 30, size: int = 3) -> tuple[Path, Path]:
    """A file of households and one of their members."""
    folder.mkdir(parents=True, exist_ok=True)
    homes = write(folder / "homes.csv", [household(n) for n in range(households)])
    people = [person(n, n // size) for n in range(households * size)]
    return homes, write(folder / "people.csv", people)


def personal(households: int = 30, size: int = 3) -> list[str]:
    """Every value of `files` that names somebody, in the forms it might be written in."""
    found = []
    for n in range(households * size):
        row = person(n, n // size)
        found += [row["first_name"], row["last_name"], row["citizen_id"], row["person_id"]]
    for n in range(households):
        found += [household(n)["house_no"], household(n)["household_id"]]
    return found
