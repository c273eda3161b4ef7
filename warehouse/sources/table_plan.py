"""What the columns of a table become: indicators with names, units and directions, proposed, written out, edited, read back.

The proposal is a guess from headings and is never published unseen: `daomap import table` shows it, writes it as TOML and takes
it back.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from analytics.catalogue import COUNTED_UNITS, CatalogueError, Indicator, check_imported, plain_text
from analytics.classify import ClassSpec
from warehouse.report import QueryError
from warehouse.sources.table_layout import ROLES, key_of

UNITS: Final = ("persons", "households", "percent", "baht", "km2", "index", "number")
WORSE: Final = ("high", "low", "none")
LEVELS: Final = ("country", "province", "district", "subdistrict")

_SHOWN: Final[Mapping[str, tuple[str, str]]] = {
    "persons": ("คน", "persons"),
    "households": ("ครัวเรือน", "households"),
    "percent": ("ร้อยละ", "percent"),
    "baht": ("บาท", "baht"),
    "km2": ("ตร.กม.", "sq km"),
    "index": ("ดัชนี", "index"),
    "number": ("ไม่ระบุหน่วย", "unit not stated"),
}
# A rate of so many in a thousand, a density or a size is no percentage and no count, whatever it is a rate of.
_TO: Final = r"(?<!ติด)ต่อ(?!เนื่อง|เติม|สู้|ต้าน)"
_PER: Final = re.compile(
    _TO
    + r"|(?:^|[ _])per(?! ?cent)(?:[ _]|$)|\bratio\b|density|\bsize\b|หนาแน่น|^ขนาด|อัตราส่วน|อัตราแลก|exchange"
)
_EACH: Final = re.compile("(?:" + _TO + r"|\bper\b)\s?.+$", re.IGNORECASE)
_GUESSES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("percent", re.compile(r"ร้อยละ|%|per ?cent|pct|(?:^|[ _])share|สัดส่วน")),
    ("number", re.compile("พัน|ล้าน|thousand|million")),
    ("number", _PER),
    ("number", re.compile("^อัตรา(?:การ)?(?:ตาย|เกิด|เจริญพันธุ์)|(?:birth|death|mortality|fertility)[ _]rate")),
    ("percent", re.compile("(?:^|[ _])rate|^อัตรา")),
    ("households", re.compile("^(?:จำนวน)?(?:ครัวเรือน|ครอบครัว|บ้าน)|household")),
    ("baht", re.compile("บาท|baht")),
    (
        "persons",
        re.compile(
            r"^(?:จำนวน)?(?:คน|ประชา|ชาย|หญิง|ผู้|เด็ก|นักเรียน|นักศึกษา|เกษตรกร|แรงงาน|สตรี|ราษฎร|บุคคล|เยาวชน|วัยรุ่น|สมาชิก)"
            r"|ป่วย|พิการ|ติดเชื้อ|ตกเกณฑ์|persons?\b|people|population|^(?:fe)?male|\b(?:wo)?men\b|child|student|farmer"
            r"|patient|\bcases?\b|\bhiv\b|\bdeaths?\b|elderly|disabled|\bgirls?\b|\bboys?\b"
        ),
    ),
    ("km2", re.compile("ตรกม|ตารางกิโลเมตร|km2|sqkm")),
)
_MEAN: Final = re.compile(
    "เฉลี่ย|" + _TO + "|มัธยฐาน|mean|average|median|(?:^|[ _])per(?:[ _]|$)|/", re.IGNORECASE
)
_LINE: Final = re.compile("เส้นความยากจน|poverty.?line", re.IGNORECASE)  # a threshold: neither good nor bad
_BAD: Final = re.compile("ยากจน|คนจน|poor|poverty|ว่างงาน|unemploy|neet", re.IGNORECASE)
_NOT: Final = re.compile(r"ไม่|มิได้|พ้น|\bnon|\bnot\b|\bno\b", re.IGNORECASE)  # turns what is bad around


@dataclass(frozen=True, slots=True)
class Measure:
    """One indicator that comes from the table.

    Attributes
    ----------
    measure : str
        What the file calls it: a heading without its year, or a category.
    id : str
        Starts with ``t_``.
    name_th, name_en, unit_th, unit_en : str
    unit : str
        One of `UNITS`. ``persons`` and ``households`` are whole counts of an area; averages are ``number``.
    worse : str
    additive : bool
        Whether the parts of an area add up to it.
    comparable : bool
        Whether all years of the table are counted alike.
    decimals : int
    of, per : str
        Of a rate, ids of the counts it is made of; empty where the table has none.
    skip : bool
        Not imported.
    scale : int
        Of a percentage, what its numbers without a % sign are multiplied by: 100 where one half is 0.5, 1 where it is 50,
        and 0 where nobody said.
    """

    measure: str
    id: str
    name_th: str
    name_en: str
    unit: str
    unit_th: str
    unit_en: str
    worse: str
    additive: bool
    comparable: bool
    decimals: int
    of: str = ""
    per: str = ""
    skip: bool = False
    scale: int = 0

    @property
    def unit_stated(self) -> bool:
        """Whether somebody, or the file, said what is counted."""
        return self.unit != "number" or (self.unit_th, self.unit_en) != _SHOWN["number"]

    @property
    def counts_people(self) -> bool:
        """Whether small numbers may point at somebody; the same as `Indicator.counts_people`."""
        return self.unit in COUNTED_UNITS

    def indicator(self, source: str) -> Indicator:
        """The entry of the catalogue.

        Raises
        ------
        CatalogueError
            When a text is more than plain text, or the id is none of an import.
        """
        summed = ("รวมจากพื้นที่ย่อยเมื่อครบทุกพื้นที่", "summed from smaller areas where all are there")
        given = ("ไม่รวมหรือเฉลี่ยข้ามพื้นที่", "never added or averaged over areas")
        th, en = summed if self.additive else given
        return check_imported(
            Indicator(
                id=self.id,
                theme="table",
                name_th=self.name_th,
                name_en=self.name_en,
                short_th=self.name_th[:40].strip(),
                short_en=self.name_en[:40].strip(),
                description_th=f"{self.name_th} จากตารางที่นำเข้า∶ {source}",
                description_en=f"{self.name_en}, from an imported table∶ {source}",
                unit=self.unit,
                unit_th=self.unit_th,
                unit_en=self.unit_en,
                numerator_th="",
                numerator_en="",
                denominator_th="",
                denominator_en="",
                worse=self.worse,
                levels=LEVELS,
                method_th=f"ตามที่แหล่งข้อมูลให้มา {th}",
                method_en=f"As the source gives it; {en}".replace(";", ","),
                sources=(source,),
                classes=ClassSpec("quantiles", 5),
                decimals=self.decimals,
                comparable=self.comparable,
                map=True,
                ramp="poverty" if self.worse == "high" else "population",
                of=self.of or None,
                per=self.per or None,
                additive=self.additive,
            )
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a person confirms before a table is published.

    Attributes
    ----------
    source_id : str
        Starts with ``table-``.
    title_th, title_en, publisher, url, licence : str
    year_be : int or None
        Buddhist year of what has no year of its own.
    year_from : str
        Where that year is from: ``--year-be``, ``sheet``, ``title``, ``file name``, or empty.
    columns : mapping of heading to role
    measures : tuple of Measure
    """

    source_id: str
    title_th: str
    title_en: str
    publisher: str
    url: str
    licence: str
    year_be: int | None
    year_from: str
    columns: Mapping[str, str]
    measures: tuple[Measure, ...]

    def identity(self) -> str:
        """Hash of what it says: the same file under another plan is another import."""
        row = asdict(self) | {"columns": dict(sorted(self.columns.items()))}
        return hashlib.sha256(json.dumps(row, sort_keys=True, default=str).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Plain values for the import report."""
        return asdict(self) | {"columns": dict(self.columns), "measures": [asdict(m) for m in self.measures]}

    def lines(self, language: str) -> list[str]:
        """What a person is asked to confirm."""
        thai = language == "th"
        years = "" if self.year_be is None else f" {self.year_be} ({self.year_from})"
        lines = [
            f"{'แหล่งข้อมูล' if thai else 'source'}: {self.title_th if thai else self.title_en} [{self.source_id}]{years}"
        ]
        for heading, role in self.columns.items():
            if role not in ("value", "skip"):
                lines.append(f"  {role:<18} {heading}")
        skipped = [h for h, role in self.columns.items() if role == "skip"]
        if skipped:
            lines.append(f"  {'skip':<18} {', '.join(skipped)}")
        for m in self.measures:
            if m.skip:
                lines.append(f"  {'skip':<18} {m.measure}")
                continue
            adds = (
                ("บวกได้" if thai else "adds up") if m.additive else ("ไม่บวก" if thai else "does not add up")
            )
            if thai:
                adds += " | ทุกปีนับแบบเดียวกัน" if m.comparable else " | ไม่ได้ระบุว่าทุกปีนับแบบเดียวกัน"
            else:
                adds += (
                    " | years counted alike"
                    if m.comparable
                    else " | not stated whether years are counted alike"
                )
            name, unit = (m.name_th, m.unit_th) if thai else (m.name_en, m.unit_en)
            lines.append(f"  {m.id:<34} {name} | {unit} ({m.unit}) | worse: {m.worse} | {adds}")
        return ["".join(c if c.isprintable() else "?" for c in line) for line in lines]


def table_slug(text: str) -> str:
    """Six digits of a title's hash: Thai titles have no other short form."""
    return hashlib.sha256(" ".join(text.split()).casefold().encode()).hexdigest()[:6]


def source_id_of(title: str) -> str:
    """Id of the source of a title: the same title is the same source.

    >>> source_id_of("Rain 2020") == source_id_of(" rain  2020")
    True
    """
    words = re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-")[:32].strip("-")
    return "-".join(part for part in ("table", words, table_slug(title)) if part)


def measure_id(title: str, measure: str) -> str:
    """Id of an indicator, by its source's title and its name in the file.

    >>> measure_id("Rain", "sum_rain_y").startswith("t_") and measure_id("Rain", "sum_rain_y").endswith("_sum_rain_y")
    True
    """
    words = re.sub(r"[^a-z0-9]+", "_", measure.casefold()).strip("_")[:36].strip("_")
    if re.search("[^\x00-\x7f]", measure) or not words:
        words = "_".join(part for part in (words, table_slug(measure)) if part)
    return f"t_{table_slug(title)}_{words}"


def propose_measure(
    measure: str,
    unit_text: str,
    title: str,
    *,
    siblings: Sequence[str] = (),
    whole: bool = True,
    decimals: int = 0,
    partial: bool = False,
) -> Measure:
    """Guess what a column measures.

    Parameters
    ----------
    measure, unit_text : str
        Heading and what stood in brackets.
    title : str
        Of the table; names a measure without a heading of its own.
    siblings : sequence of str
        The other measures: a total beside men and women is of persons.
    whole : bool
        Whether all its numbers are whole and none is negative.
    decimals : int
        Digits after the point that its numbers have.
    partial : bool
        Whether the table has municipalities, of which no list says that all are there; nothing is added up then.
    """
    own = f"{measure} {unit_text}".strip() or title
    text = own.casefold().replace("_", " ")
    said, told = (unit_text.casefold(),) * 2 if unit_text else (text, key_of(measure))
    unit = next((u for u, p in _GUESSES if p.search(said) or p.search(told)), "number")
    if unit == "number" and (each := _EACH.search(measure.replace("_", " "))) is not None:
        # Also of an amount of money: what it is an amount for is a part of its unit.
        if not unit_text and "บาท" not in text and "baht" not in text:
            unit_text = each[0]
        elif not unit_text:
            unit = "baht"
    keys = {key_of(s) for s in siblings}
    if key_of(measure) in ("total", "รวม") and (keys >= {"male", "female"} or keys >= {"ชาย", "หญิง"}):
        unit = "persons"
    mean = _MEAN.search(text) is not None
    if unit in ("persons", "households") and (mean or not whole):
        unit, unit_text = "number", unit_text or _SHOWN[unit][0]
    own_unit = plain_text(unit_text, 40) if unit in ("number", "km2", "index", "baht") else ""
    shown = (own_unit, own_unit) if own_unit else _SHOWN[unit]
    name = plain_text(measure or title, 120) or plain_text(title, 120)
    name = name or "ค่า value"
    return Measure(
        measure=measure,
        id=measure_id(title, measure or "value"),
        name_th=name,
        name_en=name,
        unit=unit,
        unit_th=shown[0],
        unit_en=shown[1],
        worse="high" if _BAD.search(own) and not _LINE.search(own) and not _NOT.search(own) else "none",
        additive=unit in ("persons", "households") and not partial,
        comparable=False,  # nobody has said so yet
        decimals=min(decimals, 2),
    )


# ------------------------------------------------------------------------------------------------------------
# As a file

_HEAD: Final = """\
# What the columns of a table are. Edit, then: daomap import table FILE --mapping THIS_FILE
#   columns    heading = role: code, code_province, code_district, code_subdistrict, name, name_province, name_district,
#              name_subdistrict, year, category, value or skip
#   unit       persons, households (whole counts), percent, baht, km2, index or number; unit_th and unit_en are shown
#   worse      high, low or none: which values are worse
#   additive   true where the parts of an area add up to it; rates and averages never do
#   comparable true where all years are counted alike
#   of, per    of a percentage: ids of the counts in this table that it is made of
#   scale      of a percentage: 100 where one half stands as 0.5 (spreadsheets keep 50% so), 1 where it stands as 50
"""


def plan_toml(plan: Plan) -> str:
    """A plan as TOML, fit to be edited; `read_plan` reads it."""

    def value(item: object) -> str:
        # A JSON string is a TOML basic string: both escape quotes, backslashes and control characters alike.
        return json.dumps(item, ensure_ascii=False).replace("\x7f", "\\u007f")

    lines = [_HEAD, "[source]"]
    lines += [
        f"{name} = {value(getattr(plan, key))}"
        for name, key in (
            ("id", "source_id"), ("title_th", "title_th"), ("title_en", "title_en"), ("publisher", "publisher"),
            ("url", "url"), ("licence", "licence"),
        )
    ]  # fmt: skip
    if plan.year_be is not None:
        lines.append(f"year_be = {plan.year_be}")
    lines += ["", "[columns]", *(f"{value(h)} = {value(role)}" for h, role in plan.columns.items())]
    for measure in plan.measures:
        lines += ["", "[[indicator]]"]
        lines += [
            f"{f.name} = {value(getattr(measure, f.name))}"
            for f in fields(Measure)
            if f.name not in ("of", "per", "skip", "scale") or getattr(measure, f.name)
        ]
    return "\n".join(lines) + "\n"


def _wrong(key: str, found: object, expected: str) -> QueryError:
    return QueryError(
        f"ไฟล์ mapping ที่ {key}: พบ {found!r} ควรเป็น {expected} วิธีแก้: แก้ไฟล์ หรือเขียนใหม่ด้วย --save-mapping",
        f"mapping file at {key}: found {found!r}, expected {expected}. To mend: correct the file, or write it anew with "
        "--save-mapping",
    )


def read_plan(text: str) -> Plan:
    """Read a plan that `plan_toml` wrote and somebody edited.

    Raises
    ------
    QueryError
        Naming the first key that is unknown, missing or of a wrong value.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _wrong("TOML", str(error), "TOML") from error
    _known(tables, {"source", "columns", "indicator"}, "the file")
    source, columns, rows = (tables.get(k) for k in ("source", "columns", "indicator"))
    if (
        not isinstance(source, dict)
        or not isinstance(columns, dict)
        or not isinstance(rows, list)
        or not rows
    ):
        raise _wrong("the file", sorted(tables), "[source], [columns] and [[indicator]]")
    _known(source, {"id", "title_th", "title_en", "publisher", "url", "licence", "year_be"}, "source")
    texts = {
        key: _text(source, key, f"source.{key}", empty=key in ("url", "licence"))
        for key in ("id", "title_th", "title_en", "publisher", "url", "licence")
    }
    if not re.fullmatch(r"table-[a-z0-9]+(?:-[a-z0-9]+)*", texts["id"]) or len(texts["id"]) > 60:
        raise _wrong("source.id", texts["id"], "table- and then a-z, 0-9 and -")
    year_be = source.get("year_be")
    if year_be is not None and (type(year_be) is not int or not 2400 <= year_be <= 2700):
        raise _wrong("source.year_be", year_be, "2400-2700")
    for heading, role in columns.items():
        if role not in ROLES:
            raise _wrong(f"columns.{heading}", role, ", ".join(ROLES))
    measures = tuple(_measure(row, f"indicator {n + 1}", texts["title_th"]) for n, row in enumerate(rows))
    used = [m for m in measures if not m.skip]
    for name in ("id", "measure"):
        seen: set[str] = set()
        for m in used:
            if getattr(m, name) in seen:
                raise _wrong(name, getattr(m, name), "a value no other [[indicator]] has")
            seen.add(getattr(m, name))
    ids = {m.id: m for m in used}
    for m in used:
        for key in ("of", "per"):
            part = getattr(m, key)
            if part and (part not in ids or not (ids[part].additive or ids[part].counts_people)):
                raise _wrong(f"{m.id}.{key}", part, "the id of a count of this table")
        if bool(m.of) != bool(m.per) or (m.of and m.unit != "percent"):
            raise _wrong(f"{m.id}.of", m.of or m.per, "of and per together, and unit = percent")
    return Plan(
        texts["id"], texts["title_th"], texts["title_en"], texts["publisher"], texts["url"], texts["licence"],
        year_be, "mapping" if year_be is not None else "", dict(columns), measures,
    )  # fmt: skip


def _known(row: Mapping[str, Any], names: set[str], where: str) -> None:
    for key in row:
        if key not in names:
            raise _wrong(where, key, ", ".join(sorted(names)))


def _text(row: Mapping[str, Any], key: str, where: str, *, empty: bool = False) -> str:
    value = row.get(key, "" if empty else None)
    if not isinstance(value, str) or (not empty and not value.strip()) or len(value) > 400:
        raise _wrong(where, value, "text")
    return value.strip()


def _measure(row: Any, where: str, title: str) -> Measure:
    if not isinstance(row, dict):
        raise _wrong(where, row, "[[indicator]]")
    _known(row, {f.name for f in fields(Measure)}, where)
    values: dict[str, Any] = {}
    for f in fields(Measure):
        if f.name in ("additive", "comparable", "skip"):
            values[f.name] = row.get(f.name, False)
            if type(values[f.name]) is not bool:
                raise _wrong(f"{where}.{f.name}", values[f.name], "true, false")
        elif f.name == "scale":
            values[f.name] = row.get(f.name, 0)
            if type(values[f.name]) is not int or values[f.name] not in (0, 1, 100):
                raise _wrong(f"{where}.scale", values[f.name], "1, 100")
        elif f.name == "decimals":
            values[f.name] = row.get(f.name, 0)
            if type(values[f.name]) is not int or not 0 <= values[f.name] <= 4:
                raise _wrong(f"{where}.decimals", values[f.name], "0-4")
        else:
            values[f.name] = _text(row, f.name, f"{where}.{f.name}", empty=f.name in ("measure", "of", "per"))
    for key, choices in (("unit", UNITS), ("worse", WORSE)):
        if values[key] not in choices:
            raise _wrong(f"{where}.{key}", values[key], ", ".join(choices))
    made = Measure(**values)
    if made.unit in ("percent", "index") and made.additive:
        raise _wrong(f"{where}.additive", True, "false")
    if made.unit != "percent" and made.scale:
        raise _wrong(f"{where}.scale", made.scale, "unit = percent")
    if not made.skip:
        try:
            made.indicator(plain_text(title, 200))
        except CatalogueError as error:
            raise _wrong(f"{where}.{error.key}", error.found, error.expected) from error
    return made
