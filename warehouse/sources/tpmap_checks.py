"""The rules TPMAP's numbers obey, each tried on every row it applies to.

They are arithmetic, not opinion: a person who fails a dimension fails at least one of its indicators, a
target-poor person fails at least one dimension, a union of dimensions cannot shrink when a dimension is
added, and the published counts of smaller areas add up exactly to the larger one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from analytics.catalogue import DIMENSIONS
from analytics.overlap import cells_from_unions, check_cells
from geo.codes import official_areas, parent_of
from warehouse.report import Check, Finding, ImportReport, Severity
from warehouse.sources.tpmap_layout import (
    ALL_NUMBERS,
    DIMENSION_COLUMNS,
    FULL,
    HAPPINESS,
    HOUSEHOLDS,
    INDICATORS_OF,
    MASKS,
    NOT_ADDED,
    POOR,
    POOR_HOUSEHOLDS,
    RATE,
    REGISTERED,
    SURVEYED,
    TARGET,
    Bools,
    Floats,
    Ints,
    Texts,
    finding,
)

#: Rule -> its name in Thai and English, in the order of the report.
RULES: Mapping[str, tuple[str, str]] = {
    "tpmap.cells": (
        "ทุกช่องเป็นตัวเลขชนิดและช่วงตามสคีมา",
        "every cell is a number of the type and range its column has",
    ),
    "tpmap.dimension_bounds": (
        "คนจนเป้าหมายรายมิติไม่น้อยกว่าตัวชี้วัดที่มากที่สุดและไม่เกินผลรวมตัวชี้วัดของมิตินั้น",
        "a dimension is at least the largest and at most the sum of its indicators",
    ),
    "tpmap.target_bounds": (
        "คนจนเป้าหมายไม่น้อยกว่ามิติที่มากที่สุดและไม่เกินผลรวมของทุกมิติ",
        "the target poor are at least the largest dimension and at most the sum of the dimensions",
    ),
    "tpmap.dimension_off": ("มิติที่ไม่ได้เลือกเป็นศูนย์", "a dimension that is switched off is zero"),
    "tpmap.indicator_in_target": (
        "ตัวชี้วัดแต่ละตัวไม่เกินคนจนเป้าหมาย",
        "an indicator is at most the target poor",
    ),
    "tpmap.target_registered": (
        "คนจนเป้าหมายไม่เกินคนจน MPI ที่ลงทะเบียน",
        "the target poor are at most the registered MPI-poor",
    ),
    "tpmap.registered_poor": (
        "คนจน MPI ที่ลงทะเบียนไม่เกินคนจน MPI",
        "the registered MPI-poor are at most the MPI-poor",
    ),
    "tpmap.poor_surveyed": ("คนจน MPI ไม่เกินคนที่สำรวจ", "the MPI-poor are at most the persons surveyed"),
    "tpmap.poor_households": (
        "ครัวเรือนยากจนไม่เกินครัวเรือนที่สำรวจและไม่เกินคนจน",
        "poor households are at most the households surveyed and at most the poor persons",
    ),
    "tpmap.rate": (
        "สัดส่วนเท่ากับ 100 x คนจนเป้าหมาย / คนที่สำรวจ",
        "the rate equals 100 x target poor / persons surveyed",
    ),
    "tpmap.common_bounds": (
        "จำนวนย่อยในไฟล์ common ไม่เกินจำนวนรวมของมัน",
        "every part in a common file is at most its whole",
    ),
    "tpmap.mask_dimensions": (
        "มิติเดียวกันมีค่าเท่ากันในทุกไฟล์",
        "a dimension has the same count in every file it is switched on in",
    ),
    "tpmap.union_monotone": (
        "เพิ่มมิติแล้วจำนวนรวมไม่ลดลง",
        "a union does not shrink when a dimension is added",
    ),
    "tpmap.overlap_cells": (
        "จำนวนคนที่ตกเกณฑ์พร้อมกันแต่ละแบบไม่ติดลบและรวมเท่ากับคนจนเป้าหมาย",
        "the exact overlaps are not negative and sum to the target poor",
    ),
    "tpmap.children_sum": (
        "ผลรวมของพื้นที่ย่อยเท่ากับพื้นที่ใหญ่",
        "the smaller areas sum to the larger one",
    ),
    "tpmap.happiness_mean": (
        "ความสุขเฉลี่ยของพื้นที่ใหญ่เท่ากับค่าเฉลี่ยถ่วงน้ำหนักครัวเรือนของพื้นที่ย่อย",
        "the happiness of the larger area is the household-weighted mean of the smaller ones",
    ),
}


@dataclass(slots=True)
class Layer:
    """All rows of one year, level and mask.

    Attributes
    ----------
    units : array of str
        Codes as in the file; a village row has ten digits.
    file, row : array of int
        Where each row stands; `file` is an index into `names`.
    values : mapping of column to array
    """

    level: str
    mask: str
    names: list[str]
    units: Texts
    file: Ints
    row: Ints
    values: dict[str, Floats]

    def __len__(self) -> int:
        return len(self.units)

    def take(self, index: Ints | Bools) -> Layer:
        return Layer(
            self.level,
            self.mask,
            self.names,
            self.units[index],
            self.file[index],
            self.row[index],
            {name: column[index] for name, column in self.values.items()},
        )

    def place(self, position: int) -> tuple[str, int]:
        return self.names[int(self.file[position])], int(self.row[position])


@dataclass(slots=True)
class Tally:
    """Counts what each rule tested, and hands failing rows to the report."""

    report: ImportReport
    cells: dict[str, int] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    rejected: set[tuple[str, int]] = field(default_factory=set)

    def tested(self, rule: str, cells: int) -> None:
        self.cells[rule] = self.cells.get(rule, 0) + int(cells)

    def fail(self, rule: str, found: Finding) -> None:
        self.failures[rule] = self.failures.get(rule, 0) + 1
        self.refuse(found)

    def refuse(self, found: Finding) -> None:
        self.report.add(found)
        if found.severity == "reject" and found.row is not None:
            self.rejected.add((found.file, found.row))

    def hold(
        self,
        rule: str,
        layer: Layer,
        left: tuple[str, Floats],
        right: tuple[str, Floats],
        column: str,
        *,
        tolerance: float | None = None,
        severity: Severity = "reject",
        mend: str = "tpmap.row",
    ) -> None:
        """Require ``left <= right`` on every row where both are known; ``left == right`` with a tolerance."""
        (left_name, lower), (right_name, upper) = left, right
        known = ~(np.isnan(lower) | np.isnan(upper))
        self.tested(rule, int(known.sum()))
        if tolerance is None:
            bad, sign, broken = lower > upper, "<=", ">"
        else:
            bad = np.abs(lower - upper) > tolerance * np.maximum(np.abs(upper), 1e-12)
            sign, broken = "=", "!="
        for position in np.flatnonzero(bad & known):
            file, row = layer.place(int(position))
            found = f"{left_name} {plain(lower[position])} {broken} {right_name} {plain(upper[position])}"
            self.fail(
                rule,
                finding(
                    rule,
                    file,
                    found,
                    f"{left_name} {sign} {right_name}",
                    row=row,
                    column=column,
                    severity=severity,
                    mend=mend,
                ),
            )

    def checks(self) -> list[Check]:
        """The outcome of every rule that had something to test."""
        return [
            Check(code, th, en, self.cells[code], self.failures.get(code, 0))
            for code, (th, en) in RULES.items()
            if code in self.cells
        ]


def plain(number: float) -> str:
    """A number as a person writes it: no ``.0`` behind a count."""
    return str(int(number)) if float(number).is_integer() else repr(float(number))


def check_common(layer: Layer, tally: Tally) -> None:
    """Parts and wholes inside a common file."""
    values, rule = layer.values, "tpmap.common_bounds"
    surveyed = (SURVEYED, values[SURVEYED])
    for part in (HOUSEHOLDS, "MOF_REG_CNT", "ELDERLY_CNT", "DISABLED_CNT", "CHRONICPATIENT_CNT"):
        tally.hold(rule, layer, (part, values[part]), surveyed, part)
    verified, registered = "MOF_VAL_CNT", "MOF_REG_CNT"
    tally.hold(rule, layer, (verified, values[verified]), (registered, values[registered]), verified)
    for n in ALL_NUMBERS:
        failing, asked = f"indicator{n}.CNT", f"indicator{n}.ALL"
        tally.hold(rule, layer, (failing, values[failing]), (asked, values[asked]), failing)
        tally.hold(rule, layer, (asked, values[asked]), surveyed, asked)


def check_poor(layer: Layer, tally: Tally) -> None:
    """Bounds inside one row of a mask file."""
    values = layer.values
    target = values[TARGET]
    for dimension, switched in zip(DIMENSIONS, layer.mask, strict=True):
        column = DIMENSION_COLUMNS[dimension]
        count = values[column]
        if switched == "0":
            zero = np.zeros(len(layer))
            tally.hold("tpmap.dimension_off", layer, (column, count), ("0", zero), column)
            continue
        parts = np.array([values[name] for name in INDICATORS_OF[dimension]])
        names = f"ind {_numbers_of(dimension)}"
        rule = "tpmap.dimension_bounds"
        tally.hold(rule, layer, (f"max({names})", parts.max(axis=0)), (column, count), column)
        tally.hold(rule, layer, (column, count), (f"sum({names})", parts.sum(axis=0)), column)
    dimensions = np.array([values[column] for column in DIMENSION_COLUMNS.values()])
    rule = "tpmap.target_bounds"
    tally.hold(rule, layer, ("max(5)", dimensions.max(axis=0)), (TARGET, target), TARGET)
    tally.hold(rule, layer, (TARGET, target), ("sum(5)", dimensions.sum(axis=0)), TARGET)
    for n in ALL_NUMBERS:
        column = f"poor.JPT.MOFval.ind{n}.CNT"
        tally.hold("tpmap.indicator_in_target", layer, (column, values[column]), (TARGET, target), column)
    # Registration and verification come from two runs of the Ministry of Finance's register; the 2561
    # edition has one tambon (700102) with 24 verified and 23 registered. Worth telling, not worth turning
    # the year away.
    tally.hold(
        "tpmap.target_registered",
        layer,
        (TARGET, target),
        (REGISTERED, values[REGISTERED]),
        TARGET,
        severity="warn",
    )
    poor = (POOR, values[POOR])
    tally.hold("tpmap.registered_poor", layer, (REGISTERED, values[REGISTERED]), poor, REGISTERED)
    households = (POOR_HOUSEHOLDS, values[POOR_HOUSEHOLDS])
    tally.hold("tpmap.poor_households", layer, households, poor, POOR_HOUSEHOLDS)


def check_against_common(layer: Layer, surveyed: Floats, households: Floats, tally: Tally) -> None:
    """Bounds that need the denominators of the same area; NaN where they are not known."""
    values = layer.values
    tally.hold("tpmap.poor_surveyed", layer, (POOR, values[POOR]), (SURVEYED, surveyed), POOR)
    tally.hold(
        "tpmap.poor_households",
        layer,
        (POOR_HOUSEHOLDS, values[POOR_HOUSEHOLDS]),
        (HOUSEHOLDS, households),
        POOR_HOUSEHOLDS,
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(surveyed > 0, 100.0 * values[TARGET] / surveyed, np.nan)
    tally.hold(
        "tpmap.rate",
        layer,
        (RATE, values[RATE]),
        (f"100*{TARGET}/{SURVEYED}", rate),
        RATE,
        tolerance=1e-9,
    )


def check_masks(masks: Mapping[str, Layer], tally: Tally) -> None:
    """What the mask files of one level have to say about each other."""
    full = masks.get(FULL)
    for mask, layer in masks.items():
        if full is None or mask == FULL:
            continue
        _, mine, theirs = np.intersect1d(layer.units, full.units, assume_unique=True, return_indices=True)
        part = layer.take(mine)
        for dimension, switched in zip(DIMENSIONS, mask, strict=True):
            column = DIMENSION_COLUMNS[dimension]
            if switched == "1":
                tally.hold(
                    "tpmap.mask_dimensions",
                    part,
                    (f"{column} ({mask})", part.values[column]),
                    (f"{column} ({FULL})", full.values[column][theirs]),
                    column,
                    tolerance=0.0,
                    mend="tpmap.files",
                )
    for mask in MASKS:
        for position in range(5):
            if mask[position] == "1":
                continue
            wider = mask[:position] + "1" + mask[position + 1 :]
            if mask not in masks or wider not in masks:
                continue
            small, large = masks[mask], masks[wider]
            _, mine, theirs = np.intersect1d(
                small.units, large.units, assume_unique=True, return_indices=True
            )
            tally.hold(
                "tpmap.union_monotone",
                small.take(mine),
                (f"{TARGET} ({mask})", small.values[TARGET][mine]),
                (f"{TARGET} ({wider})", large.values[TARGET][theirs]),
                TARGET,
                mend="tpmap.files",
            )


def overlap_cells(masks: Mapping[str, Layer], tally: Tally) -> tuple[Texts, dict[str, Floats]]:
    """The 31 exact overlaps of every unit that stands in all 31 files, sorted by unit.

    Returns
    -------
    units : array of str
        Those whose cells are sound.
    cells : mapping of mask to array
        Empty unless all 31 files are there.
    """
    nothing: tuple[Texts, dict[str, Floats]] = (np.array([], dtype=str), {})
    if set(masks) != set(MASKS):
        return nothing
    shared = masks[FULL].units
    for layer in masks.values():
        shared = np.intersect1d(shared, layer.units, assume_unique=True)
    unions: dict[str, Floats] = {}
    for mask, layer in masks.items():
        order = np.argsort(layer.units)
        unions[mask] = layer.values[TARGET][order[np.searchsorted(layer.units[order], shared)]]
    known = ~np.isnan(np.array(list(unions.values()))).any(axis=0)
    shared = shared[known]
    unions = {mask: column[known] for mask, column in unions.items()}
    if not len(shared):
        return nothing
    rule = "tpmap.overlap_cells"
    tally.tested(rule, 31 * len(shared))
    cells = cells_from_unions(unions)
    full = masks[FULL]
    place = {str(unit): i for i, unit in enumerate(full.units)}
    sound = np.ones(len(shared), dtype=bool)
    for broken in check_cells(unions, cells):
        # The unions themselves are compared by a rule of their own, which names the two files.
        if broken.rule == "monotone":
            continue
        sound[broken.area] = False
        unit = str(shared[broken.area])
        file, row = full.place(place[unit])
        tally.fail(
            rule,
            finding(
                rule,
                file,
                f"{unit} {broken.mask} {broken.rule}: {plain(broken.found)}",
                ">= 0, sum(31) = " + TARGET,
                row=row,
                column=TARGET,
                mend="tpmap.files",
            ),
        )
    return shared[sound], {mask: np.round(column[sound]) for mask, column in cells.items()}


def check_children(parents: Layer, children: Layer, tally: Tally) -> None:
    """Compare every count of the larger areas with the sum over the smaller ones inside them."""
    owner = np.array([parent_of(str(code)) for code in children.units])
    order = np.argsort(owner, kind="stable")
    groups, starts = np.unique(owner[order], return_index=True)
    _, mine, theirs = np.intersect1d(groups, parents.units, assume_unique=True, return_indices=True)
    if not len(mine):
        return
    present: dict[str, list[str]] = {}
    for code, parent in zip(children.units, owner, strict=True):
        present.setdefault(str(parent), []).append(str(code))
    missing = {str(groups[g]): missing_children(str(groups[g]), present[str(groups[g])]) for g in mine}
    rule = "tpmap.children_sum"
    for column in parents.values:
        if column in NOT_ADDED or column not in children.values:
            continue
        sums = np.add.reduceat(children.values[column][order], starts)[mine]
        whole = parents.values[column][theirs]
        known = ~(np.isnan(sums) | np.isnan(whole))
        tally.tested(rule, int(known.sum()))
        for position in np.flatnonzero(known & (sums != whole)):
            code = str(groups[mine[position]])
            gone = missing[code]
            file, row = parents.place(int(theirs[position]))
            there = len(present[code])
            # Fewer people than the whole are what missing areas look like; more people never are.
            partly = bool(gone) and sums[position] < whole[position]
            note = f" ({', '.join(gone[:5])}{' ...' if len(gone) > 5 else ''} -)" if partly else ""
            tally.fail(
                rule,
                finding(
                    "tpmap.children_missing" if partly else rule,
                    file,
                    f"{code}: sum({there}) = {plain(sums[position])}{note}",
                    plain(whole[position]),
                    row=row,
                    column=column,
                    severity="warn" if partly else "reject",
                ),
            )
    if HAPPINESS in parents.values and HAPPINESS in children.values:
        _check_happiness(parents, children, order, starts, mine, theirs, missing, groups, tally)


def _check_happiness(
    parents: Layer,
    children: Layer,
    order: Ints,
    starts: Ints,
    mine: Ints,
    theirs: Ints,
    missing: Mapping[str, list[str]],
    groups: Texts,
    tally: Tally,
) -> None:
    weight = children.values[HOUSEHOLDS][order]
    total = np.add.reduceat(children.values[HAPPINESS][order] * weight, starts)[mine]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / np.add.reduceat(weight, starts)[mine]
    # With areas missing the mean has no reason to agree.
    mean = np.where([bool(missing[str(groups[g])]) for g in mine], np.nan, mean)
    tally.hold(
        "tpmap.happiness_mean",
        parents.take(theirs),
        ("mean", mean),
        (HAPPINESS, parents.values[HAPPINESS][theirs]),
        HAPPINESS,
        tolerance=1e-9,
        severity="warn",
        mend="tpmap.files",
    )


def missing_children(parent: str, present: Iterable[str]) -> list[str]:
    """Official areas inside `parent` that have no row, where their absence means that data is missing.

    Bangkok is in no TPMAP file. A tambon that lies wholly in a municipality has no row of its own, so in a
    district with municipal rows a missing tambon proves nothing. Villages have no official list to compare
    with.
    """
    there = set(present)
    if any(len(code) == 6 and code[4:] > "50" for code in there):
        return []
    return sorted(code for code in _official_children().get(parent, ()) if code not in there and code != "10")


def _official_children() -> dict[str, list[str]]:
    if not _CHILDREN:
        for area in official_areas().values():
            if area.parent is not None:
                _CHILDREN.setdefault(area.parent, []).append(area.code)
    return _CHILDREN


_CHILDREN: dict[str, list[str]] = {}


def _numbers_of(dimension: str) -> str:
    return "+".join(name.split("ind")[-1].removesuffix(".CNT") for name in INDICATORS_OF[dimension])
