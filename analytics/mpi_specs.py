"""Specifications of multidimensional poverty indices: what is counted as a deprivation, what it weighs, who is poor.

One TOML file an index lies in ``analytics/mpi``; one's own is loaded the same way (format: ``docs/mpi.md``). Weights and the
cut-off k are rational numbers, never floats: whether somebody whose score is exactly 1/3 is poor at k = 1/3 must not hang on the
last bit of a sum.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from analytics.spec_tables import SpecError, SpecTable, each_once, read_text, top_table

FOLDER: Final = Path(__file__).with_name("mpi")
MAX_INDICATORS: Final = 62
"""A profile holds one bit an indicator in a signed integer of 64 bits, and one bit stays free."""

FINEST: Final = 10**9
"""Weights without a common denominator up to this one are rounded to whole parts of it."""

_LONGEST_EXPONENT: Final = 400
"""More places than any float has: ``1e-99999999`` is short to write, and its denominator is not."""

_ID: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_COLUMN: Final = re.compile(r"[^\W\d]\w{0,62}")

Missing = Literal["drop", "reweight", "not_deprived"]
"""What becomes of a person some of whose indicators are not known (see :class:`MpiSpec`)."""

NotApplicable = Literal["not_deprived", "missing"]
"""What it means that an indicator applies to nobody of the household."""

Number = str | int | float | Decimal | Fraction
K = Fraction | Literal["union"]


@dataclass(frozen=True, slots=True)
class CutOff:
    """When an achievement is a deprivation.

    Attributes
    ----------
    value : float
        The cut-off z, in the unit of the column. An achievement equal to it is no deprivation.
    deprived : {"below", "above"}
        On which side the deprivation lies.
    worst : float
        Achievement whose normalised gap ``(z - x) / (z - worst)`` is 1; gaps beyond it stay 1. With 0 and ``below`` this is
        Alkire and Foster's ``(z - x) / z``.
    """

    value: float
    deprived: Literal["below", "above"]
    worst: float


@dataclass(frozen=True, slots=True)
class MpiDimension:
    """One dimension: its share of the whole weight, and its names."""

    id: str
    weight: Fraction
    name_th: str
    name_en: str


@dataclass(frozen=True, slots=True)
class MpiIndicator:
    """One indicator.

    Attributes
    ----------
    id : str
        Unique among the indicators and dimensions of the specification.
    column : str
        Column of the table of deprivations, or of achievements where there is a cut-off.
    dimension : str
        Id of its dimension.
    weight : Fraction
        Share of the whole weight; the weights of all indicators add up to 1 exactly.
    applies_to_th, applies_to_en : str
        Whom it is asked of.
    not_applicable : {"not_deprived", "missing"}
        What state 2, "applies to nobody of the household", means: no deprivation, or a missing value that the rule for
        missing values treats.
    verified : bool
        Whether name, dimension and whom it applies to were checked against a source.
    cut_off : CutOff or None
        None where the column holds states: 0 not deprived, 1 deprived, 2 not applicable, null missing.
    """

    id: str
    column: str
    dimension: str
    weight: Fraction
    name_th: str
    name_en: str
    applies_to_th: str
    applies_to_en: str
    not_applicable: NotApplicable
    verified: bool
    cut_off: CutOff | None = None


@dataclass(frozen=True, slots=True)
class MpiSpec:
    """One index.

    Attributes
    ----------
    id : str
    k : Fraction or "union"
        Share of the whole weight from which somebody is poor, above 0 and at most 1; ``union``: any deprivation of an
        indicator that weighs anything.
    missing : {"drop", "reweight", "not_deprived"}
        ``drop`` leaves out a person any of whose indicators is missing; ``reweight`` divides the weight of the deprivations by
        the weight of the indicators known, and leaves out who has none known; ``not_deprived`` takes a missing value for
        no deprivation.
    identification : {"household", "person"}
        Unit that is found poor.
    count : str
        Unit that is counted: ``person``, whatever the unit that is found poor.
    vulnerable_from, severe_from : Fraction or None
        Vulnerable: a score from this one on, and below k. Severe: poor, and a score from this one on. None: not told apart.
    plan : int or None
        National plan whose survey it reads.
    years_be : tuple of int, or None
        First and last Buddhist year of the survey.
    verified, weights_verified : bool
        Whether dimensions, indicators and k were checked against a source, and whether the weights were.
    dimensions, indicators : tuple
        In the order of the file; bit i of a profile is ``indicators[i]``.
    entry : str
        The TOML it was read from.
    """

    id: str
    name_th: str
    name_en: str
    k: K
    missing: Missing
    identification: str
    count: str
    vulnerable_from: Fraction | None
    severe_from: Fraction | None
    plan: int | None
    years_be: tuple[int, int] | None
    source: str
    note_th: str
    note_en: str
    verified: bool
    weights_verified: bool
    dimensions: tuple[MpiDimension, ...]
    indicators: tuple[MpiIndicator, ...]
    entry: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns it reads, in the order of the indicators."""
        return tuple(i.column for i in self.indicators)

    @property
    def has_gaps(self) -> bool:
        """Whether every indicator has a cut-off, so that M1 and M2 can be worked out."""
        return all(i.cut_off is not None for i in self.indicators)

    @property
    def whole_weights(self) -> tuple[tuple[int, ...], int]:
        """Weights as whole numbers, and their sum: the least common denominator.

        Examples
        --------
        >>> load_spec("global_mpi").whole_weights
        ((3, 3, 3, 3, 1, 1, 1, 1, 1, 1), 18)
        """
        total = math.lcm(*(i.weight.denominator for i in self.indicators))
        return tuple(int(i.weight * total) for i in self.indicators), total

    @property
    def threshold(self) -> Fraction:
        """Least score, as a share, of somebody poor: k itself, or for the union the least weight above 0."""
        if self.k == "union":
            return min(i.weight for i in self.indicators if i.weight)
        return self.k

    def of_dimension(self, key: str) -> tuple[int, ...]:
        """Positions of the indicators of a dimension."""
        return tuple(n for n, i in enumerate(self.indicators) if i.dimension == key)

    def with_k(self, k: Number) -> MpiSpec:
        """The same index with another cut-off.

        Parameters
        ----------
        k : number or text
            Share of the whole weight: ``"1/3"``, ``"26 %"``, ``"2/4"``, 0.26, ``"union"`` or ``"intersection"``. A float is
            read as the closest fraction with a denominator up to a million, so that 0.1 + 0.2 is 3/10.

        Raises
        ------
        SpecError
            When it is no share above 0 and at most 1.
        """
        return replace(self, k=_k(k, self.id, "k"))

    def variant(self) -> MpiSpec:
        """The same index under an id of its own and unverified, for a cut-off or weights that its authors did not choose.

        Examples
        --------
        >>> own = load_spec("global_mpi").with_k("1/2").variant()
        >>> own.id, own.verified, own.weights_verified
        ('global_mpi_own', False, False)
        """
        from analytics.mpi_toml import spec_toml

        made = replace(
            self,
            id=f"{self.id.removesuffix('_own')[:28]}_own",
            name_th=f"{self.name_th} (ปรับจุดตัดหรือน้ำหนักเอง)",
            name_en=f"{self.name_en} (own cut-off or weights)",
            note_th=f"จุดตัดหรือน้ำหนักไม่ใช่ของดัชนีเดิม {self.note_th}".strip(),
            note_en=f"Cut-off or weights are not those of the index it comes from. {self.note_en}".strip(),
            verified=False,
            weights_verified=False,
        )
        return replace(made, entry=spec_toml(made))

    def with_weights(self, weights: Mapping[str, Number]) -> MpiSpec:
        """The same index with other weights.

        Parameters
        ----------
        weights : mapping of str to number or text
            By id of all indicators, or by id of all dimensions: a dimension's weight is then shared by its indicators in the
            proportions they have now, equally where they weigh nothing. Only proportions count. Floats are read as by
            :meth:`with_k`; what has no common denominator up to `FINEST` is rounded to it.

        Raises
        ------
        SpecError
            When an id is missing or unknown, a weight negative, or all are 0.

        Examples
        --------
        >>> spec = load_spec("af_example").with_weights({"x1": 2, "x2": 1, "x3": 0.5, "x4": 0.5})
        >>> [str(i.weight) for i in spec.indicators]
        ['1/2', '1/4', '1/8', '1/8']
        """
        dimensions = [d.id for d in self.dimensions]
        indicators = [i.id for i in self.indicators]
        if set(weights) == set(dimensions):
            shares: list[Fraction] = []
            for indicator in self.indicators:
                inside = [self.indicators[n] for n in self.of_dimension(indicator.dimension)]
                of_all = sum(i.weight for i in inside)
                part = indicator.weight / of_all if of_all else Fraction(1, len(inside))
                shares.append(part * _weight(weights[indicator.dimension], self.id, indicator.dimension))
        elif set(weights) == set(indicators):
            shares = [_weight(weights[key], self.id, key) for key in indicators]
        else:
            raise SpecError(
                self.id,
                "weights",
                ", ".join(map(str, weights)),
                f"each of {indicators}, or each of {dimensions}",
            )
        made = _normal(shares, self.id, "weights")
        return replace(
            self,
            indicators=tuple(replace(i, weight=w) for i, w in zip(self.indicators, made, strict=True)),
            dimensions=tuple(
                replace(d, weight=sum((made[n] for n in self.of_dimension(d.id)), Fraction(0)))
                for d in self.dimensions
            ),
        )


@cache
def shipped_specs() -> Mapping[str, MpiSpec]:
    """Specifications that come with Daomap, by id, in the order of their ids."""
    found = [read_spec(f.read_text(encoding="utf-8"), f.name) for f in sorted(FOLDER.glob("*.toml"))]
    return MappingProxyType({spec.id: spec for spec in found})


def load_spec(id_or_path: str | Path) -> MpiSpec:
    """A shipped specification by its id, or one's own by the path of its file.

    Raises
    ------
    SpecError
        Naming file, key, what was found and what was expected.

    Examples
    --------
    >>> load_spec("tpmap12").k
    'union'
    """
    if isinstance(id_or_path, str) and id_or_path in shipped_specs():
        return shipped_specs()[id_or_path]
    path = Path(id_or_path)
    if path.suffix != ".toml":
        raise SpecError(
            str(id_or_path), "-", id_or_path, f"one of {sorted(shipped_specs())}, or a .toml file"
        )
    return read_spec(read_text(path), path.name)


def read_spec(text: str, file: str = "-") -> MpiSpec:
    """Read a specification from TOML and check every key.

    Raises
    ------
    SpecError
        On the first key that is unknown, missing, of the wrong type, repeated or out of range.
    """
    top = top_table(text, file, parse_float=Decimal)
    spec_id = top.key("id", _ID)
    dimensions = [_dimension(table) for table in top.tables("dimension")]
    dimension_ids = [d.id for d, _ in dimensions]
    each_once(file, "dimension.id", dimension_ids)
    indicators = [_indicator(table, dimension_ids) for table in top.tables("indicator")]
    if len(indicators) > MAX_INDICATORS:
        raise SpecError(file, "indicator", len(indicators), f"at most {MAX_INDICATORS} tables [[indicator]]")
    each_once(file, "indicator.id", [*dimension_ids, *(i.id for i, _ in indicators)])
    each_once(file, "indicator.column", [i.column for i, _ in indicators])
    for key in dimension_ids:
        if all(i.dimension != key for i, _ in indicators):
            raise SpecError(file, f"dimension {key}", "no indicator", "an [[indicator]] of this dimension")
    weights, of_dimension = _weights(file, dimensions, indicators)
    plan = top.whole("plan", 1, 99) if "plan" in top.raw else None
    spec = MpiSpec(
        id=spec_id,
        name_th=top.text("name_th"),
        name_en=top.text("name_en"),
        k=_k(top.take("k"), file, "k"),
        missing=_one_of(top, "missing", get_args(Missing)),
        identification=_one_of(top, "identification", ("household", "person")),
        count=_count(top),
        vulnerable_from=_share(top, "vulnerable_from"),
        severe_from=_share(top, "severe_from"),
        plan=plan,
        years_be=top.years("years_be") if "years_be" in top.raw else None,
        source=top.text("source"),
        note_th=top.text("note_th", empty=True),
        note_en=top.text("note_en", empty=True),
        verified=top.flag("verified"),
        weights_verified=top.flag("weights_verified"),
        dimensions=tuple(replace(d, weight=of_dimension[d.id]) for d, _ in dimensions),
        indicators=tuple(replace(i, weight=w) for (i, _), w in zip(indicators, weights, strict=True)),
        entry=text,
    )
    top.finish()
    return spec


def _dimension(table: SpecTable) -> tuple[MpiDimension, Fraction | None]:
    weight = (
        _weight(table.take("weight"), table.file, table.place("weight")) if "weight" in table.raw else None
    )
    made = MpiDimension(table.key("id", _ID), Fraction(0), table.text("name_th"), table.text("name_en"))
    table.finish()
    return made, weight


def _indicator(table: SpecTable, dimensions: Sequence[str]) -> tuple[MpiIndicator, Fraction | None]:
    weight = (
        _weight(table.take("weight"), table.file, table.place("weight")) if "weight" in table.raw else None
    )
    key = table.key("id", _ID)
    column = table.text("column") if "column" in table.raw else key
    if not _COLUMN.fullmatch(column):
        raise SpecError(table.file, table.place("column"), column, "letters, digits and _, a letter first")
    cut_off = table.take("cut_off", None)
    made = MpiIndicator(
        id=key,
        column=column,
        dimension=_one_of(table, "dimension", dimensions),
        weight=Fraction(0),
        name_th=table.text("name_th"),
        name_en=table.text("name_en"),
        applies_to_th=table.text("applies_to_th"),
        applies_to_en=table.text("applies_to_en"),
        not_applicable=_one_of(table, "not_applicable", get_args(NotApplicable)),
        verified=table.flag("verified"),
        cut_off=None
        if cut_off is None
        else _cut_off(SpecTable(cut_off, table.file, f"{table.name}.cut_off")),
    )
    table.finish()
    return made, weight


def _cut_off(table: SpecTable) -> CutOff:
    value = table.number("value")
    below = _one_of(table, "deprived", ("below", "above")) == "below"
    worst = table.number("worst") if "worst" in table.raw or not below else 0.0
    if (worst >= value) if below else (worst <= value):
        expected = f"a number {'below' if below else 'above'} the cut-off {value:g}"
        raise SpecError(table.file, table.place("worst"), f"{worst:g}", expected)
    table.finish()
    return CutOff(value, "below" if below else "above", worst)


def _weights(
    file: str,
    dimensions: Sequence[tuple[MpiDimension, Fraction | None]],
    indicators: Sequence[tuple[MpiIndicator, Fraction | None]],
) -> tuple[list[Fraction], dict[str, Fraction]]:
    """Weights of the indicators, and of the dimensions, adding up to 1 each."""
    ids = [d.id for d, _ in dimensions]
    for what, given in (("dimension", [w for _, w in dimensions]), ("indicator", [w for _, w in indicators])):
        told = sum(w is not None for w in given)
        if told not in (0, len(given)):
            raise SpecError(
                file, f"{what}.weight", f"{told} of {len(given)}", "a weight for each, or for none"
            )
    stated = (
        _normal([w or Fraction(0) for _, w in dimensions], file, "dimension.weight")
        if dimensions[0][1] is not None
        else None
    )
    if indicators[0][1] is None:
        outer = stated or [Fraction(1, len(ids))] * len(ids)
        each = {
            key: w / sum(i.dimension == key for i, _ in indicators) for key, w in zip(ids, outer, strict=True)
        }
        shares = [each[i.dimension] for i, _ in indicators]
    else:
        shares = _normal([w or Fraction(0) for _, w in indicators], file, "indicator.weight")
    sums = {
        key: sum((w for w, (i, _) in zip(shares, indicators, strict=True) if i.dimension == key), Fraction(0))
        for key in ids
    }
    for key, weight in zip(ids, stated or (), strict=False):
        if sums[key] != weight:
            raise SpecError(
                file, f"dimension {key}.weight", weight, f"{sums[key]}, the sum of its indicators"
            )
    return shares, sums


def _normal(shares: Sequence[Fraction], file: str, key: str) -> list[Fraction]:
    """Shares that add up to 1, with a common denominator that sums of millions of persons can carry."""
    whole = sum(shares)
    if not whole:
        raise SpecError(file, key, "0 in all", "a weight above 0")
    made = [share / whole for share in shares]
    if math.lcm(*(share.denominator for share in made)) <= FINEST:
        return made
    parts = [round(share * FINEST) for share in made]
    return [Fraction(part, sum(parts)) for part in parts]


def _exact(value: Decimal) -> Fraction:
    """A decimal number as a fraction, unless its exponent alone would fill the memory."""
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and abs(exponent) > _LONGEST_EXPONENT:
        raise ValueError(value)
    return Fraction(value)


def _fraction(value: object) -> Fraction:
    """A number as people write it, exactly; a float as the closest fraction with a small denominator."""
    if isinstance(value, bool):
        raise ValueError(value)
    if isinstance(value, float):
        return Fraction(value).limit_denominator(1_000_000)
    if isinstance(value, str):
        percent = value.rstrip().endswith("%")
        top, line, bottom = value.rstrip().removesuffix("%").partition("/")
        number = _exact(Decimal(top.strip())) / (_exact(Decimal(bottom.strip())) if line else 1)
        return number / 100 if percent else number
    if isinstance(value, Decimal):
        return _exact(value)
    if isinstance(value, (int, Fraction)):
        return Fraction(value)
    raise ValueError(value)


def _read(value: Any, file: str, key: str, low_open: bool, high: int, expected: str) -> Fraction:
    try:
        number = _fraction(value)
    except (ValueError, InvalidOperation, ZeroDivisionError, OverflowError) as error:
        raise SpecError(file, key, value, expected) from error
    if number < 0 or (low_open and not number) or number > high:
        raise SpecError(file, key, value, expected)
    # Products of two of these stay within 64 bits.
    return number.limit_denominator(FINEST)


def _weight(value: Any, file: str, key: str) -> Fraction:
    return _read(value, file, key, False, 10**9, 'a number from 0, such as "1/6", 0.25 or "26 %"')


def _k(value: Any, file: str, key: str) -> K:
    if value == "union":
        return "union"
    if value == "intersection":
        return Fraction(1)
    expected = 'a share above 0 and at most 1, such as "1/3", "26 %" or 0.26, or "union" or "intersection"'
    return _read(value, file, key, True, 1, expected)


def _share(table: SpecTable, key: str) -> Fraction | None:
    if key not in table.raw:
        return None
    return _read(
        table.take(key), table.file, table.place(key), True, 1, 'a share above 0 and at most 1, such as "1/2"'
    )


def _count(table: SpecTable) -> str:
    # Every measure sums over persons: a file that says households would only put a false word beside their numbers.
    value = table.take("count")
    if value != "person":
        expected = '"person": persons are counted; households cannot be yet'
        raise SpecError(table.file, table.place("count"), value, expected)
    return "person"


def _one_of(table: SpecTable, key: str, allowed: Sequence[str]) -> Any:
    value = table.take(key)
    if value not in allowed:
        raise SpecError(table.file, table.place(key), value, f"one of {list(allowed)}")
    return value
