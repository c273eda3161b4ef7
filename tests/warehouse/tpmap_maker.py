"""A small TPMAP edition made of random households, so that every rule of the real one holds by construction.

Households are drawn, counted into village parts, and every larger area is the sum of what lies inside it. Files are
written the way TPMAP writes them: quoted header, bare province and district codes, quoted longer ones, a trailing
``province_ID``.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analytics.catalogue import DIMENSIONS, MPI_INDICATORS
from geo.codes import official_areas

MASKS = tuple(f"{bits:05b}" for bits in range(1, 32))
WORDS = {
    "country": "country",
    "province": "province",
    "district": "amphur",
    "subdistrict": "tambol",
    "village": "village",
}
ID_COLUMNS = {
    "province": "province_ID",
    "district": "amphur_ID",
    "subdistrict": "tumbol_ID",
    "village": "village_ID",
}
_WIDTH = {"country": 0, "province": 2, "district": 4, "subdistrict": 6, "village": 10}
_OF_DIMENSION = {d: [int(n) - 1 for n, owner in MPI_INDICATORS.items() if owner == d] for d in DIMENSIONS}


@dataclass(frozen=True, slots=True)
class Edition:
    """What was made.

    Attributes
    ----------
    folder : Path
        Holds the files.
    frames : dict
        (level, mask) -> the rows as written, indexed by code; ``"TH"`` for the country.
    exact : DataFrame
        One row a target-poor person: ``code`` of the village part and ``mask`` of the dimensions failed.
    """

    folder: Path
    year_be: int
    frames: dict[tuple[str, str], pd.DataFrame]
    exact: pd.DataFrame

    def path(self, level: str, mask: str, province: str | None = None) -> Path:
        """The file of a level and mask; districts and below need the province."""
        part = f"{province}_" if province is not None else ""
        return self.folder / f"{self.year_be % 100}_{part}{WORDS[level]}_{mask}.csv"


def make_tpmap(
    folder: Path,
    *,
    seed: int = 1,
    year_be: int = 2561,
    provinces: Sequence[str] = ("83",),
    levels: Iterable[str] = ("country", "province", "district", "subdistrict", "village"),
    masks: Iterable[str] = MASKS,
    common: bool = True,
    municipal: bool = True,
    households: int = 5,
) -> Edition:
    """Write a consistent edition into `folder`.

    Parameters
    ----------
    provinces : sequence of str
        All their official districts and subdistricts are there (Phuket, the default, has 3 and 17).
    masks : iterable of str
        Which mask files to write for every level; ``common`` files are switched by `common`.
    municipal : bool
        Whether the first district of every province has a municipality (code ``..51``).
    households : int
        Households in every village part.
    """
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    units = _units(provinces, municipal)
    home = np.repeat(np.arange(len(units)), households)
    size = random.integers(1, 6, len(home))
    fails = random.random((len(home), 31)) < 0.07
    applies = fails | (random.random((len(home), 31)) < 0.8)
    happiness = random.integers(4, 11, len(home)).astype(float)
    failed_dimensions = np.array([fails[:, numbers].any(axis=1) for numbers in _OF_DIMENSION.values()]).T
    registered = np.array([(random.random(n) < 0.5).sum() for n in size])
    verified = np.array([(random.random(n) < 0.8).sum() for n in registered])
    groups = {
        name: random.binomial(size, 0.2) for name in ("ELDERLY_CNT", "DISABLED_CNT", "CHRONICPATIENT_CNT")
    }

    frames: dict[tuple[str, str], pd.DataFrame] = {}
    codes = np.array(units)[home]
    for level in levels:
        keys = np.array([code[: _WIDTH[level]] or "TH" for code in codes])
        order, groups_of = np.unique(keys, return_inverse=True)

        def total(values: np.ndarray, index: np.ndarray = groups_of, n: int = len(order)) -> np.ndarray:
            return np.bincount(index, weights=values, minlength=n).astype(np.int64)

        if common:
            frames[level, "common"] = _common(
                total, order, size, registered, verified, groups, happiness, groups_of, fails, applies
            )
        surveyed = total(size)
        for mask in masks:
            frames[level, mask] = _poor(
                total, order, mask, size, registered, verified, failed_dimensions, fails, surveyed
            )
    for (level, mask), frame in frames.items():
        _write(folder, year_be, level, mask, frame, provinces)
    person = np.repeat(np.arange(len(home)), verified)
    text = np.array(["".join("1" if bit else "0" for bit in row) for row in failed_dimensions])
    exact = pd.DataFrame({"code": codes[person], "mask": text[person]})
    return Edition(folder, year_be, frames, exact[exact["mask"] != "00000"].reset_index(drop=True))


def _units(provinces: Sequence[str], municipal: bool) -> list[str]:
    """Village parts: two villages a subdistrict, the first village of each district in three parts."""
    units: list[str] = []
    for province in provinces:
        inside = sorted(
            c for c, a in official_areas().items() if a.level == "subdistrict" and c[:2] == province
        )
        if municipal:
            inside.insert(0, inside[0][:4] + "51")
        seen: set[str] = set()
        for code in inside:
            parts = 3 if code[:4] not in seen else 1
            seen.add(code[:4])
            units += [f"{code}01{part:02d}" for part in range(1, parts + 1)] + [f"{code}0201"]
    return sorted(units)


def _common(
    total: Callable[..., np.ndarray],
    order: np.ndarray,
    size: np.ndarray,
    registered: np.ndarray,
    verified: np.ndarray,
    groups: dict[str, np.ndarray],
    happiness: np.ndarray,
    index: np.ndarray,
    fails: np.ndarray,
    applies: np.ndarray,
) -> pd.DataFrame:
    homes = total(np.ones(len(size)))
    columns: dict[str, np.ndarray] = {
        "household.CNT": homes,
        "HOUSEMEMBER_CNT": total(size),
        "MOF_REG_CNT": total(registered),
        "MOF_VAL_CNT": total(verified),
        **{name: total(values) for name, values in groups.items()},
        "happiness": np.bincount(index, weights=happiness, minlength=len(order)) / homes,
        **{f"indicator{n + 1}.ALL": total(size * applies[:, n]) for n in range(31)},
        **{f"indicator{n + 1}.CNT": total(size * fails[:, n]) for n in range(31)},
    }
    return pd.DataFrame(columns, index=order)


def _poor(
    total: Callable[..., np.ndarray],
    order: np.ndarray,
    mask: str,
    size: np.ndarray,
    registered: np.ndarray,
    verified: np.ndarray,
    dimensions: np.ndarray,
    fails: np.ndarray,
    surveyed: np.ndarray,
) -> pd.DataFrame:
    switched = np.array([bit == "1" for bit in mask])
    poor = (dimensions & switched).any(axis=1)
    target = total(verified * poor)
    names = [d if d != "access" else "accessibility" for d in DIMENSIONS]
    columns: dict[str, np.ndarray] = {
        "poor.household.CNT": total(poor.astype(float)),
        "poor.JPT.CNT": total(size * poor),
        "poor.JPT.MOFreg.CNT": total(registered * poor),
        "poor.JPT.MOFval.CNT": target,
        **{
            f"poor.JPT.MOFval.{name}": total(verified * (dimensions[:, i] & switched[i]))
            for i, name in enumerate(names)
        },
        "JPT.MOFval.pov.rate": 100.0 * target / surveyed,
        **{f"poor.JPT.MOFval.ind{n + 1}.CNT": total(verified * (poor & fails[:, n])) for n in range(31)},
    }
    return pd.DataFrame(columns, index=order)


def _write(
    folder: Path, year_be: int, level: str, mask: str, frame: pd.DataFrame, provinces: Sequence[str]
) -> None:
    start = f"{year_be % 100}_"
    if level in ("country", "province"):
        _write_file(folder / f"{start}{WORDS[level]}_{mask}.csv", level, frame)
        return
    for province in provinces:
        rows = frame[frame.index.str[:2] == province]
        _write_file(folder / f"{start}{province}_{WORDS[level]}_{mask}.csv", level, rows)


def _write_file(path: Path, level: str, frame: pd.DataFrame) -> None:
    header = [*([ID_COLUMNS[level]] if level != "country" else []), *frame.columns]
    below = level in ("district", "subdistrict", "village")
    lines = [",".join(f'"{name}"' for name in [*header, *(["province_ID"] if below else [])])]
    for code, row in zip(frame.index, frame.itertuples(index=False), strict=True):
        cells = [repr(float(v)) if isinstance(v, float) else str(v) for v in row]
        if level != "country":
            cells.insert(0, f'"{code}"' if level in ("subdistrict", "village") else str(code))
        if below:
            cells.append(f'"{code[:2]}"')
        lines.append(",".join(cells))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")


def edit(path: Path, row: int, column: str, value: str | Callable[[str], str]) -> None:
    """Change one cell; `row` counts as a spreadsheet does, the header being row 1."""
    with path.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.reader(opened))
    at = rows[0].index(column)
    rows[row - 1][at] = value(rows[row - 1][at]) if callable(value) else value
    rewrite(path, rows)


def rows_of(path: Path) -> list[list[str]]:
    """All cells of a file, header first."""
    with path.open(encoding="utf-8", newline="") as opened:
        return list(csv.reader(opened))


def rewrite(path: Path, rows: Sequence[Sequence[str]]) -> None:
    """Write cells back."""
    with path.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened, lineterminator="\n").writerows(rows)
