"""Specifications of กชช.2ค: which indicators a round of the survey has, what their scores mean, how they make a level.

One TOML file a national plan lies in ``analytics/nrd2c``. What nobody has checked against a manual carries ``verified = false``
and is shown as such; a corrected file replaces it without a change of code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from analytics.catalogue import Indicator, plain_text
from analytics.classify import ClassSpec
from analytics.spec_tables import MAX_TABLES, SpecError, SpecTable, each_once, read_text, top_table
from geo.codes import plain_name

FOLDER: Final = Path(__file__).with_name("nrd2c")
SCORES: Final = (1, 2, 3)
"""1 severe problem, 2 some, 3 little or none."""

NOT_APPLICABLE: Final = 0
"""Stands where an indicator does not apply to a village; it is skipped, and is not a missing score."""

LEVELS: Final = (1, 2, 3)
_ID: Final = re.compile(r"[a-z][a-z0-9]{0,15}")


@dataclass(frozen=True, slots=True)
class Named:
    """A level, a score or a domain: its key, its names and whether anybody checked them."""

    key: str
    name_th: str
    name_en: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """How a raw answer becomes a score.

    Attributes
    ----------
    worse : "low" or "high"
        On which side the problem lies.
    severe, some : float
        Beyond `severe` the score is 1, else beyond `some` 2, else 3. The bounds themselves belong to the better score.
    """

    worse: Literal["low", "high"]
    severe: float
    some: float

    def score(self, value: float) -> int:
        """Score of a raw answer.

        Examples
        --------
        >>> rule = Rule("low", 50.0, 80.0)
        >>> [rule.score(v) for v in (49.9, 50.0, 80.0)]
        [1, 2, 3]
        """
        sign = 1.0 if self.worse == "low" else -1.0
        if sign * value < sign * self.severe:
            return 1
        return 2 if sign * value < sign * self.some else 3


@dataclass(frozen=True, slots=True)
class SpecIndicator:
    """One indicator of a specification.

    Attributes
    ----------
    id : str
        Unique in the specification.
    number : int or None
        As printed in the questionnaire.
    domain : str
        Key of its domain.
    columns : tuple of str
        Headings of its column besides its names and number.
    rule : Rule or None
        None where files can hold scores only.
    """

    id: str
    number: int | None
    domain: str
    name_th: str
    name_en: str
    verified: bool
    columns: tuple[str, ...] = ()
    rule: Rule | None = None


@dataclass(frozen=True, slots=True)
class Spec:
    """One specification.

    Attributes
    ----------
    id : str
    plan : int
        National plan.
    years_be : tuple of int
        First and last Buddhist year.
    severe_from : tuple of int, length 2
        Fewest indicators scored 1 that make level 1, and level 2.
    cuts_verified : bool
    not_applicable : tuple of str
        What stands in a cell when an indicator does not apply.
    entry : str
        The TOML it was read from.
    """

    id: str
    plan: int
    years_be: tuple[int, int]
    name_th: str
    name_en: str
    source: str
    note_th: str
    note_en: str
    severe_from: tuple[int, int]
    cuts_verified: bool
    not_applicable: tuple[str, ...]
    levels: tuple[Named, ...]
    scores: tuple[Named, ...]
    domains: tuple[Named, ...]
    indicators: tuple[SpecIndicator, ...]
    entry: str

    @property
    def verified(self) -> bool:
        """Whether every part of it was checked."""
        named = (*self.levels, *self.scores, *self.domains)
        checked = all(n.verified for n in named) and all(i.verified for i in self.indicators)
        return self.cuts_verified and bool(self.indicators) and checked

    @property
    def unverified(self) -> int:
        """How many of its indicators nobody checked."""
        return sum(not indicator.verified for indicator in self.indicators)

    def indicator(self, key: str) -> SpecIndicator | None:
        """The indicator of this id."""
        return next((i for i in self.indicators if i.id == key), None)

    def domain(self, key: str) -> Named | None:
        """The domain of this id."""
        return next((d for d in self.domains if d.key == key), None)

    def of_domain(self, key: str) -> tuple[SpecIndicator, ...]:
        """Indicators of a domain, in the specification's order."""
        return tuple(i for i in self.indicators if i.domain == key)

    def level(self, severe: int) -> int:
        """Level of a village with so many indicators scored 1."""
        first, second = self.severe_from
        return 1 if severe >= first else 2 if severe >= second else 3


@cache
def shipped_specs() -> Mapping[str, Spec]:
    """Specifications that come with Daomap, by id, in the order of the plans."""
    found = [read_spec(f.read_text(encoding="utf-8"), f.name) for f in sorted(FOLDER.glob("*.toml"))]
    return MappingProxyType({spec.id: spec for spec in sorted(found, key=lambda s: (s.plan, s.id))})


def read_spec_file(path: Path) -> Spec:
    """Read a specification of one's own.

    Raises
    ------
    SpecError
        Naming file, key, what was found and what was expected.
    """
    return read_spec(read_text(path), path.name)


def spec_of_year(specs: Mapping[str, Spec], year_be: int) -> Spec | None:
    """The one specification whose years hold this one; None where none or several do.

    Examples
    --------
    >>> spec_of_year(shipped_specs(), 2558).id, spec_of_year(shipped_specs(), 2550)
    ('plan11', None)
    """
    fits = [spec for spec in specs.values() if spec.years_be[0] <= year_be <= spec.years_be[1]]
    return fits[0] if len(fits) == 1 else None


def read_spec(text: str, file: str = "-") -> Spec:
    """Read a specification from TOML and check every key.

    Raises
    ------
    SpecError
        On the first key that is unknown, missing, of the wrong type, repeated or out of range.
    """
    top = top_table(text, file)
    spec_id = top.text("id")
    if not _ID.fullmatch(spec_id):
        raise SpecError(file, "id", spec_id, "small letters and digits, a letter first, at most 16")
    years = top.years("years_be")
    levels, cuts = [], {}
    for table in top.tables("level"):
        number = table.whole("level", 1, 3)
        cuts[number] = table.whole("severe_from", 0, MAX_TABLES)
        levels.append(_named(table, str(number)))
    _in_order(file, "level", [named.key for named in levels], [str(n) for n in LEVELS])
    if not cuts[1] > cuts[2] > cuts[3] == 0:
        raise SpecError(file, "level.severe_from", [cuts[n] for n in LEVELS], "falling, 0 for level 3")
    scores = [_named(table, str(table.whole("score", 1, 3))) for table in top.tables("score")]
    _in_order(file, "score", [named.key for named in scores], [str(n) for n in SCORES])
    domains = [_named(table, table.key("id")) for table in top.tables("domain")]
    each_once(file, "domain.id", [d.key for d in domains])
    indicators = [_indicator(table, {d.key for d in domains}) for table in top.tables("indicator", least=0)]
    each_once(file, "indicator.id", [i.id for i in indicators])
    each_once(file, "indicator.number", [i.number for i in indicators if i.number is not None])
    each_once(file, "indicator heading", [h for i in indicators for h in sorted(headings(i))])
    if {i.id for i in indicators} & {d.key for d in domains}:
        raise SpecError(file, "indicator.id", "the id of a domain", "an id that no domain has")
    spec = Spec(
        spec_id,
        top.whole("plan", 1, 99),
        years,
        top.text("name_th"),
        top.text("name_en"),
        top.text("source"),
        top.text("note_th", empty=True),
        top.text("note_en", empty=True),
        (cuts[1], cuts[2]),
        top.flag("cuts_verified"),
        top.texts("not_applicable"),
        tuple(levels),
        tuple(scores),
        tuple(domains),
        tuple(indicators),
        text,
    )
    top.finish()
    return spec


def observed(spec: Spec, measure: str) -> str:
    """Id of the indicator that holds the share of villages of a measure: an indicator, a domain, or ``level1`` to ``level3``.

    Examples
    --------
    >>> observed(shipped_specs()["plan11"], "i01")
    'nrd_plan11_i01'
    """
    return f"nrd_{spec.id}_{measure}"


def catalogue_entries(spec: Spec) -> tuple[Indicator, ...]:
    """Shares of villages of a specification as indicators of the catalogue; what nobody checked says so in its name."""
    made: list[Indicator] = []

    def add(
        measure: str, th: str, en: str, short_th: str, short_en: str, of: tuple[str, str], verified: bool
    ) -> None:
        mark = ("", "") if verified else (" (ยังไม่ยืนยัน)", " (not verified)")
        method = (
            f"นับจากคะแนนหมู่บ้านตาม{spec.name_th} หมู่บ้านที่ตัวชี้วัดไม่เกี่ยวข้องหรือไม่มีคะแนนไม่อยู่ในตัวหาร",
            f"Counted from the scores of villages by {spec.name_en}; villages an indicator does not apply to, or that have no "
            "score, are not in the denominator",
        )
        texts = [
            plain_text(text)
            for text in (
                th + mark[0], en + mark[1], short_th + mark[0], short_en + mark[1],
                f"{th} {spec.name_th}", f"{en}, {spec.name_en}", *method,
            )
        ]  # fmt: skip
        made.append(
            Indicator(
                id=observed(spec, measure),
                theme="village",
                name_th=texts[0],
                name_en=texts[1],
                short_th=texts[2],
                short_en=texts[3],
                description_th=texts[4],
                description_en=texts[5],
                method_th=texts[6],
                method_en=texts[7],
                unit="percent",
                unit_th="%",
                unit_en="%",
                numerator_th=plain_text(th.removeprefix("สัดส่วน")),
                numerator_en=plain_text(en.removeprefix("Share of ")),
                denominator_th=of[0],
                denominator_en=of[1],
                worse="low" if measure == "level3" else "high",
                levels=("country", "province", "district", "subdistrict"),
                sources=("กชช.2ค",),
                classes=ClassSpec(method="quantiles", k=5),
                decimals=1,
                map=True,
                comparable=True,
                ramp="population" if measure == "level3" else "poverty",
            )
        )

    for level in spec.levels:
        add(
            f"level{level.key}",
            f"สัดส่วนหมู่บ้าน{level.name_th}",
            f"Share of villages of {level.name_en}",
            f"หมู่บ้านอันดับ {level.key}",
            f"Level {level.key} villages",
            ("หมู่บ้านที่ระดับแน่นอน", "villages whose level is certain"),
            spec.verified,
        )
    for domain in spec.domains:
        if spec.of_domain(domain.key):
            inside = all(i.verified for i in spec.of_domain(domain.key)) and domain.verified
            add(
                domain.key,
                f"สัดส่วนหมู่บ้านที่มีปัญหามากอย่างน้อยหนึ่งตัวชี้วัด ด้าน{domain.name_th}",
                f"Share of villages with a severe problem in {domain.name_en}",
                f"ด้าน{domain.name_th}",
                domain.name_en,
                ("หมู่บ้านที่รู้คะแนนของด้านนี้", "villages whose scores of the domain are known"),
                inside,
            )
    for indicator in spec.indicators:
        add(
            indicator.id,
            f"สัดส่วนหมู่บ้านที่มีปัญหามาก {indicator.name_th}",
            f"Share of villages with a severe problem: {indicator.name_en}",
            indicator.name_th,
            indicator.name_en,
            ("หมู่บ้านที่มีคะแนนและตัวชี้วัดเกี่ยวข้อง", "villages with a score that it applies to"),
            indicator.verified,
        )
    return tuple(made)


def headings(indicator: SpecIndicator) -> set[str]:
    """What a column of this indicator may be called, in the form in which headings are compared."""
    return {plain_name(h) for h in (indicator.name_th, indicator.name_en, *indicator.columns)} | {
        indicator.id
    }


def _indicator(table: SpecTable, domains: set[str]) -> SpecIndicator:
    key = table.key("id")
    domain = table.text("domain")
    if domain not in domains:
        raise SpecError(table.file, f"{table.name}.domain", domain, f"one of {sorted(domains)}")
    rule = table.take("rule", None)
    made = SpecIndicator(
        key,
        table.whole("number", 1, 999) if "number" in table.raw else None,
        domain,
        table.text("name_th"),
        table.text("name_en"),
        table.flag("verified"),
        table.texts("columns") if "columns" in table.raw else (),
        None if rule is None else _rule(SpecTable(rule, table.file, f"{table.name}.rule")),
    )
    table.finish()
    return made


def _named(table: SpecTable, key: str) -> Named:
    made = Named(key, table.text("name_th"), table.text("name_en"), table.flag("verified"))
    table.finish()
    return made


def _rule(table: SpecTable) -> Rule:
    worse, severe, some = table.text("worse"), table.number("severe"), table.number("some")
    table.finish()
    if worse == "low" and severe < some:
        return Rule("low", severe, some)
    if worse == "high" and severe > some:
        return Rule("high", severe, some)
    raise SpecError(
        table.file,
        table.name,
        f"{worse}, {severe:g}, {some:g}",
        'worse "low": severe < some; "high": severe > some',
    )


def _in_order(file: str, key: str, found: Sequence[str], wanted: Sequence[str]) -> None:
    if list(found) != list(wanted):
        raise SpecError(file, key, list(found), f"{list(wanted)}, once each and in this order")
