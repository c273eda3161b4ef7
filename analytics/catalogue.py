"""The indicator catalogue: what every number on a screen is, in Thai and in English.

``catalogue.toml`` holds the entries. Entries that differ only by dimension, indicator number or set of
dimensions are written once as a template; the loader expands them into plain :class:`Indicator` objects, so
nothing outside this module knows that templates exist.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from analytics.classify import METHODS, ClassSpec

DIMENSIONS: Final = ("health", "living", "education", "income", "access")
"""The five MPI dimensions, in the order of the five bits of a TPMAP mask."""

MASKS: Final = tuple("".join(bits) for bits in itertools.product("01", repeat=len(DIMENSIONS)) if "1" in bits)
"""The 31 non-empty masks, ``"00001"`` to ``"11111"``."""

MPI_INDICATORS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "01": "health", "04": "health", "05": "health", "07": "health",
        "08": "living", "09": "living", "10": "living", "11": "living",
        "15": "education", "16": "education", "17": "education", "19": "education",
        "20": "income", "21": "income", "22": "income",
        "27": "access", "28": "access",
    }
)  # fmt: skip
"""Two-digit จปฐ number (plan 12) of each of the 17 MPI indicators, and its dimension.

That each stands in this dimension and in no other was checked against the open files of B.E. 2561 and 2566:
in every province the dimension's count lies between the largest and the sum of its indicators' counts.
"""

THEMES: Final = (
    "poverty", "dimensions", *DIMENSIONS, "overlap", "population", "economy", "light", "neet", "mpi", "village", "table",
)  # fmt: skip
"""Themes in the order a screen offers them. One map layer file holds one theme, or a part of it."""

IMPORTED: Final[Mapping[str, str]] = MappingProxyType({"t_": "table", "nrd_": "village", "af_": "mpi"})
"""How ids of imported indicators start, and the theme they belong to."""

NEET_STEPS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "1": ("ค้นหา", "Mapping"),
        "2": ("เข้าถึง", "Outreach"),
        "3": ("จุดประกาย", "Preparation"),
        "4": ("ฝึกอบรมและจ้างงาน", "Offer of training and work"),
    }
)
"""The four steps of the programme for young people who are NEET, in their order, in Thai and English."""

LEVELS: Final = ("country", "province", "district", "subdistrict", "village")
UNITS: Final = (
    "persons", "households", "percent", "score", "stars", "baht", "dimensions",
    "radiance", "light", "km2", "index", "observations", "number",
)  # fmt: skip
"""Units the product knows. ``number`` is an amount of anything else: what of stands in the unit's names."""
ADDITIVE_UNITS: Final = ("persons", "households", "baht")
"""Units whose counts are summed upward unless the entry says otherwise."""
COUNTED_UNITS: Final = frozenset({"persons", "households"})
"""Units whose small numbers may point at somebody."""
WORSE: Final = ("high", "low", "none")
RAMPS: Final = ("poverty", "stars", "population")
APPLICABLE: Final = "applicable"
"""Value of ``Indicator.per`` when the denominator stands in the observation only, not as an indicator."""

CATALOGUE_FILE: Final = Path(__file__).with_name("catalogue.toml")


class CatalogueError(ValueError):
    """The catalogue holds something it must not, or lacks something it needs.

    Attributes
    ----------
    entry : str
        Id (or position) of the entry.
    key : str
        The key in question.
    found, expected : str
        What stands there and what should.
    """

    def __init__(self, entry: str, key: str, found: object, expected: str) -> None:
        self.entry, self.key, self.found, self.expected = entry, key, str(found), expected
        super().__init__(f"catalogue entry {entry!r}, key {key!r}: found {found!r}, expected {expected}")


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator.

    Attributes
    ----------
    id : str
        Name in the warehouse and on the command line.
    theme : str
        One of :data:`THEMES`.
    name_th, name_en, short_th, short_en : str
        Full name, and one that fits a legend or a tooltip.
    description_th, description_en, method_th, method_en : str
        What it says, and how it is got.
    unit : str
        One of :data:`UNITS`; ``percent`` means 100 x numerator / denominator.
    unit_th, unit_en : str
        The unit as shown.
    numerator_th, numerator_en, denominator_th, denominator_en : str
        What is counted and out of what; empty where there is no such part.
    worse : str
        ``high`` when a larger value is worse, ``low`` when a smaller one is, ``none`` when neither is.
    levels : tuple of str
        Area levels that can have it.
    sources : tuple of str
    classes : ClassSpec
        How the map classes it unless the reader chooses otherwise.
    decimals : int
        Digits after the point on a screen.
    of : str or None
        For rates, shares and ratios, the indicator that is the numerator.
    per : str or None
        The indicator that is the denominator, or :data:`APPLICABLE`.
    dimension : str or None
        One of :data:`DIMENSIONS`.
    number : str or None
        Two-digit จปฐ number.
    comparable : bool
        Whether years compare at all; where true, the definition versions still have to agree.
    map : bool
        Whether it is offered on the map and stands in layer files.
    ramp : str
        Colour ramp: ``poverty`` (sequential), ``stars`` or ``population``.
    additive : bool or None
        Whether the parts of an area add up to it; None where the unit decides (`summed`).
    """

    id: str
    theme: str
    name_th: str
    name_en: str
    short_th: str
    short_en: str
    description_th: str
    description_en: str
    unit: str
    unit_th: str
    unit_en: str
    numerator_th: str
    numerator_en: str
    denominator_th: str
    denominator_en: str
    worse: str
    levels: tuple[str, ...]
    method_th: str
    method_en: str
    sources: tuple[str, ...]
    classes: ClassSpec
    decimals: int
    comparable: bool
    map: bool
    ramp: str
    of: str | None = None
    per: str | None = None
    dimension: str | None = None
    number: str | None = None
    additive: bool | None = None

    @property
    def summed(self) -> bool:
        """Whether its values are summed from children to parents: counts are, rates and means never."""
        if self.of is not None or self.unit == "percent":
            return False
        return self.unit in ADDITIVE_UNITS if self.additive is None else self.additive

    @property
    def counts_people(self) -> bool:
        """Whether its numbers count persons or households, so that a small one may point at somebody."""
        return self.unit in COUNTED_UNITS

    @property
    def imported(self) -> bool:
        """Whether it came with an imported file and not with the product."""
        return self.id.startswith(tuple(IMPORTED))


@dataclass(frozen=True, slots=True)
class Dimension:
    """One of the five MPI dimensions and its names."""

    id: str
    name_th: str
    name_en: str


@dataclass(frozen=True, slots=True)
class MpiIndicator:
    """One of the 17 จปฐ indicators: its dimension, wording, whom it applies to and what passes it."""

    number: str
    dimension: str
    name_th: str
    name_en: str
    short_th: str
    short_en: str
    applies_th: str
    applies_en: str
    passes_th: str
    passes_en: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A whole catalogue file, read and checked."""

    indicators: Mapping[str, Indicator]
    dimensions: Mapping[str, Dimension]
    mpi_indicators: Mapping[str, MpiIndicator]


_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "theme": THEMES, "unit": UNITS, "worse": WORSE, "ramp": RAMPS, "dimension": DIMENSIONS,
    "number": tuple(MPI_INDICATORS),
}  # fmt: skip
_MAY_BE_EMPTY: Final = {"numerator_th", "numerator_en", "denominator_th", "denominator_en"}
_OPTIONAL: Final = {"of", "per", "dimension", "number", "additive"}
_EXPANSIONS: Final = ("dimensions", "mpi_indicators", "exactly", "masks", "neet_steps")


def read_catalogue(text: str) -> Catalogue:
    """Read a catalogue, expand its templates and check every entry.

    Parameters
    ----------
    text : str
        TOML, in the shape described at the head of ``catalogue.toml``.

    Returns
    -------
    Catalogue
        Indicators in the order of the file.

    Raises
    ------
    CatalogueError
        On the first key that is unknown, missing, of the wrong type or outside its choices, on a repeated id,
        and on an ``of`` or ``per`` that names no indicator.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError("the file", "TOML", str(error), "readable TOML") from error
    _refuse_unknown(tables, {"dimension", "mpi_indicator", "kind", "indicator"}, "the file")

    dimensions = {
        entry.id: entry for entry in (Dimension(**row) for row in _rows(tables, "dimension", Dimension, "id"))
    }
    if tuple(dimensions) != DIMENSIONS:
        raise CatalogueError("dimension", "id", tuple(dimensions), f"{DIMENSIONS} in this order")
    numbered = {
        entry.number: entry
        for entry in (MpiIndicator(**row) for row in _rows(tables, "mpi_indicator", MpiIndicator, "number"))
    }
    placed = {number: entry.dimension for number, entry in numbered.items()}
    if placed != dict(MPI_INDICATORS):
        raise CatalogueError("mpi_indicator", "dimension", placed, f"{dict(MPI_INDICATORS)}")

    kinds = tables.get("kind", {})
    indicators: dict[str, Indicator] = {}
    for position, raw in enumerate(_list_of_tables(tables, "indicator")):
        for entry in _expand(raw, f"indicator {position + 1}", kinds, dimensions, numbered):
            if entry.id in indicators:
                raise CatalogueError(entry.id, "id", entry.id, "an id that no other entry has")
            indicators[entry.id] = entry
    _check_references(indicators)
    return Catalogue(MappingProxyType(indicators), MappingProxyType(dimensions), MappingProxyType(numbered))


@cache
def _catalogue() -> Catalogue:
    return read_catalogue(CATALOGUE_FILE.read_text(encoding="utf-8"))


def shipped_catalogue() -> Mapping[str, Indicator]:
    """Return the indicators that come with the product, by id, in the order of the file (read once a process).

    Raises
    ------
    CatalogueError
        Naming entry, key, what was found and what was expected.
    """
    return _catalogue().indicators


_extending = threading.Lock()
_extended: Mapping[str, Indicator] | None = None


def load_catalogue() -> Mapping[str, Indicator]:
    """Return every indicator by id: the shipped ones in the order of the file, then the imported ones.

    Raises
    ------
    CatalogueError
        As `shipped_catalogue`.

    Examples
    --------
    >>> load_catalogue()["target_poor_rate"].unit
    'percent'
    """
    return shipped_catalogue() if _extended is None else _extended


def extend(entries: Iterable[Indicator]) -> None:
    """Make indicators of imported files known to this process.

    An id that was imported before gets the new entry: what a process shows is the snapshot it looked at last. Ids are
    never taken back, because a reader of another snapshot may still hold them; an indicator without rows is offered
    nowhere.

    Parameters
    ----------
    entries : iterable of Indicator
        Each with an id that starts as `IMPORTED` says and the theme that goes with it.

    Raises
    ------
    CatalogueError
        On an id or theme that is not that of an import, on a text that is more than plain text, and on an ``of`` or
        ``per`` that names no imported indicator of the same kind. Nothing is registered then.

    Notes
    -----
    Safe between threads: readers hold the mapping they asked for.
    """
    global _extended
    wanted = {entry.id: check_imported(entry) for entry in entries}
    with _extending:
        known = load_catalogue()
        if all(known.get(name) == entry for name, entry in wanted.items()):
            return
        merged = dict(known) | wanted
        for entry in wanted.values():
            for key in ("of", "per"):
                part = getattr(entry, key)
                if part is not None and (key, part) != ("per", APPLICABLE) and part not in merged:
                    raise CatalogueError(entry.id, key, part, "the id of an indicator of the same file")
        _extended = MappingProxyType(merged)


_IMPORTED_ID: Final = re.compile(r"(?:t|nrd|af)_[a-z0-9]+(?:_[a-z0-9]+)*")
_LONGEST_ID: Final = 64
_LONGEST_TEXT: Final = 600
# Letters of any script, digits, blanks and the punctuation of names and units. What Markdown, HTML, emoji codes, tooltips,
# formulas or a bare address need is not among it, so that no screen has to treat such a name with care.
_PLAIN: Final = re.compile(
    r"(?:[^\W_]|[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0300-\u036f]|[ ().,%/+\-–'\"°²³฿?≤≥·×∶])*"
)
_MARKUP: Final = re.compile(r"--|(?<=www)\.|^[-+]|^\d+(?=[.)](?: |$))", re.IGNORECASE)


def is_plain(text: str) -> bool:
    """Whether a text is safe as it stands on every screen: no Markdown, HTML, placeholder or address is in it.

    >>> is_plain("ประชากร (คน)"), is_plain("<b>"), is_plain("a_b"), is_plain("www.go.th")
    (True, False, False, False)
    """
    return bool(_PLAIN.fullmatch(text)) and not _MARKUP.search(text) and len(text) <= _LONGEST_TEXT


_INSTEAD: Final = str.maketrans("_:[]{}&—“”‘’", " ∶()()+–\"\"''")


def plain_text(text: str, longest: int = _LONGEST_TEXT) -> str:
    """Return a text as `is_plain` wants it: what it does not allow is written otherwise or left out.

    >>> plain_text("pop_total  <script>"), plain_text("-1+1"), plain_text("รายได้\\n(บาท)")
    ('pop total script', '1+1', 'รายได้ (บาท)')
    """
    text = " ".join(text.translate(_INSTEAD).split())
    text = " ".join("".join(c for c in text if _PLAIN.fullmatch(c)).split())[:longest]
    while (found := _MARKUP.search(text)) is not None:
        text = (text[: found.start()] + text[found.end() :]).lstrip(" .)")
    return text.strip()


def check_imported(entry: Indicator) -> Indicator:
    """Return the entry of an import; CatalogueError where it is none that may stand beside the shipped ones."""
    start = next((start for start in IMPORTED if entry.id.startswith(start)), None)
    if start is None or len(entry.id) > _LONGEST_ID or not _IMPORTED_ID.fullmatch(entry.id):
        raise CatalogueError(
            entry.id, "id", entry.id, f"{' or '.join(IMPORTED)} and then a-z, 0-9 and _, {_LONGEST_ID} in all"
        )
    if entry.id in shipped_catalogue():
        raise CatalogueError(entry.id, "id", entry.id, "an id that no shipped indicator has")
    if entry.theme != IMPORTED[start]:
        raise CatalogueError(entry.id, "theme", entry.theme, IMPORTED[start])
    for key in ("of", "per"):
        part = getattr(entry, key)
        if part is not None and (key, part) != ("per", APPLICABLE) and not part.startswith(start):
            # A rate over shipped counts would be worked out for every source that has them.
            raise CatalogueError(entry.id, key, part, "the id of an indicator of the same file")
    for field in fields(Indicator):
        value = getattr(entry, field.name)
        texts = value if isinstance(value, tuple) else (value,)
        if field.name not in {"id", "of", "per"} and not all(
            is_plain(t) for t in texts if isinstance(t, str)
        ):
            raise CatalogueError(entry.id, field.name, value, "letters, digits and simple punctuation only")
    return entry


def entry_json(entry: Indicator) -> str:
    """Return an entry as the JSON a snapshot keeps."""
    row = {key: value for key, value in asdict(entry).items() if value is not None}
    return json.dumps(row, ensure_ascii=False, sort_keys=True)


def read_entry(text: str) -> Indicator:
    """Read an entry that `entry_json` wrote.

    Raises
    ------
    CatalogueError
        When a key is unknown or missing or its value is none a shipped entry could have.
    """
    row = json.loads(text)
    if not isinstance(row, dict):
        raise CatalogueError("an imported entry", "JSON", type(row).__name__, "an object")
    if isinstance(row.get("classes"), dict):
        row["classes"] = {key: value for key, value in row["classes"].items() if value is not None}
    return check_imported(_indicator(row, str(row.get("id"))))


def load_dimensions() -> Mapping[str, Dimension]:
    """Return the five dimensions by id, in the order of the mask bits.

    >>> list(load_dimensions()) == list(DIMENSIONS)
    True
    """
    return _catalogue().dimensions


def load_mpi_indicators() -> Mapping[str, MpiIndicator]:
    """Return the 17 จปฐ indicators by two-digit number.

    >>> load_mpi_indicators()["22"].dimension
    'income'
    """
    return _catalogue().mpi_indicators


def indicator(indicator_id: str) -> Indicator:
    """Return one indicator.

    Raises
    ------
    CatalogueError
        When the catalogue has no such id; the message lists the closest ones.

    Examples
    --------
    >>> indicator("households").unit_en
    'households'
    """
    try:
        return load_catalogue()[indicator_id]
    except KeyError:
        import difflib

        close = difflib.get_close_matches(indicator_id, load_catalogue(), n=3)
        hint = f"an id of the catalogue, such as {', '.join(close)}" if close else "an id of the catalogue"
        raise CatalogueError(indicator_id, "id", indicator_id, hint) from None


def themes() -> tuple[str, ...]:
    """Return the themes that have at least one indicator, in screen order.

    >>> themes()[0]
    'poverty'
    """
    used = {entry.theme for entry in load_catalogue().values()}
    return tuple(theme for theme in THEMES if theme in used)


def by_theme(theme: str, *, mapped: bool = False) -> tuple[Indicator, ...]:
    """Return the indicators of a theme in the order of the file.

    Parameters
    ----------
    theme : str
        One of :data:`THEMES`.
    mapped : bool
        Only those offered on the map: the content of one layer file.

    Raises
    ------
    CatalogueError
        When there is no such theme.

    Examples
    --------
    >>> [entry.id for entry in by_theme("economy")]
    ['gpp', 'gpp_per_head', 'gpp_population', 'gpp_agriculture_share']
    """
    if theme not in THEMES:
        raise CatalogueError(theme, "theme", theme, f"one of {THEMES}")
    return tuple(
        entry for entry in load_catalogue().values() if entry.theme == theme and (entry.map or not mapped)
    )


def rates_of(count_id: str) -> tuple[Indicator, ...]:
    """Return the rates, shares and ratios whose numerator is the indicator `count_id`.

    >>> [entry.id for entry in rates_of("target_health")]
    ['target_health_rate', 'target_health_share']
    """
    return tuple(entry for entry in load_catalogue().values() if entry.of == count_id)


# ---------------------------------------------------------------- reading


def _refuse_unknown(row: Mapping[str, Any], known: set[str], entry: str) -> None:
    for key in row:
        if key not in known:
            raise CatalogueError(entry, key, key, f"one of {sorted(known)}")


def _list_of_tables(tables: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    rows = tables.get(name)
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise CatalogueError("the file", name, type(rows).__name__, f"one or more [[{name}]] tables")
    return rows


def _rows(
    tables: Mapping[str, Any], name: str, shape: type[Dimension | MpiIndicator], key: str
) -> Iterator[dict[str, str]]:
    """Yield the checked rows of an array of tables whose values are all non-empty text."""
    known = {field.name for field in fields(shape)}
    seen: set[str] = set()
    for position, row in enumerate(_list_of_tables(tables, name)):
        entry = f"{name} {row.get(key, position + 1)}"
        _refuse_unknown(row, known, entry)
        for field_name in sorted(known):
            _text(row, field_name, entry)
        if row[key] in seen:
            raise CatalogueError(entry, key, row[key], "a value no other entry has")
        seen.add(row[key])
        yield row


def _text(row: Mapping[str, Any], key: str, entry: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or (not value.strip() and key not in _MAY_BE_EMPTY):
        raise CatalogueError(entry, key, value, "text")
    return value


def _bindings(
    expand: str, dimensions: Mapping[str, Dimension], numbered: Mapping[str, MpiIndicator]
) -> Iterator[dict[str, str]]:
    """Yield the placeholder values of each member of a family."""

    def of_dimension(name: str) -> dict[str, str]:
        entry = dimensions[name]
        return {
            "dim": name,
            "dim_th": entry.name_th,
            "dim_en": entry.name_en,
            "dim_lower": entry.name_en.lower(),
        }

    if expand == "dimensions":
        yield from map(of_dimension, dimensions)
    elif expand == "mpi_indicators":
        for entry in numbered.values():
            yield {
                **of_dimension(entry.dimension),
                "nn": entry.number,
                "n": str(int(entry.number)),
                "ind_th": entry.name_th,
                "ind_en": entry.name_en,
                "ind_short_th": entry.short_th,
                "ind_short_en": entry.short_en,
                "applies_th": entry.applies_th,
                "applies_en": entry.applies_en,
                "passes_th": entry.passes_th,
                "passes_en": entry.passes_en,
            }
    elif expand == "exactly":
        for k in range(1, len(DIMENSIONS) + 1):
            yield {"k": str(k)}
    elif expand == "neet_steps":
        for step, (step_th, step_en) in NEET_STEPS.items():
            yield {"k": step, "step_th": step_th, "step_en": step_en}
    else:
        for mask in MASKS:
            chosen = [dimensions[name] for name, bit in zip(DIMENSIONS, mask, strict=True) if bit == "1"]
            yield {
                "mask": mask,
                "set_th": " + ".join(entry.name_th for entry in chosen),
                "set_en": " + ".join(entry.name_en.lower() for entry in chosen),
            }


def _fill(value: Any, binding: Mapping[str, str], entry: str, key: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return value.format_map(binding)
    except (KeyError, ValueError, IndexError) as error:
        raise CatalogueError(entry, key, value, f"only the placeholders {sorted(binding)}") from error


def _expand(
    raw: Mapping[str, Any],
    position: str,
    kinds: Mapping[str, Any],
    dimensions: Mapping[str, Dimension],
    numbered: Mapping[str, MpiIndicator],
) -> Iterator[Indicator]:
    """Yield the indicators that one ``[[indicator]]`` table stands for."""
    entry = str(raw.get("id", position))
    row: dict[str, Any] = {}
    if (kind := raw.get("kind")) is not None:
        if kind not in kinds:
            raise CatalogueError(entry, "kind", kind, f"one of {sorted(kinds)}")
        row.update(kinds[kind])
    row.update({key: value for key, value in raw.items() if key not in {"kind", "expand"}})
    expand = raw.get("expand")
    if expand is None:
        yield _indicator(row, entry)
        return
    if expand not in _EXPANSIONS:
        raise CatalogueError(entry, "expand", expand, f"one of {_EXPANSIONS}")
    for binding in _bindings(expand, dimensions, numbered):
        filled = {key: _fill(value, binding, entry, key) for key, value in row.items()}
        yield _indicator(filled, str(filled.get("id", entry)))


def _indicator(row: Mapping[str, Any], entry: str) -> Indicator:
    """Check one complete row and make it an Indicator."""
    known = [field.name for field in fields(Indicator)]
    _refuse_unknown(row, set(known), entry)
    values: dict[str, Any] = {}
    for key in known:
        if key not in row:
            if key in _OPTIONAL:
                continue
            raise CatalogueError(entry, key, "nothing", "a value")
        value = row[key]
        if key in {"levels", "sources"}:
            values[key] = _texts(value, entry, key)
        elif key == "classes":
            values[key] = _classes(value, entry)
        elif key in {"comparable", "map", "additive"}:
            if not isinstance(value, bool):
                raise CatalogueError(entry, key, value, "true or false")
            values[key] = value
        elif key == "decimals":
            if type(value) is not int or not 0 <= value <= 6:
                raise CatalogueError(entry, key, value, "a whole number from 0 to 6")
            values[key] = value
        else:
            values[key] = _text(row, key, entry)
            if "{" in values[key]:
                raise CatalogueError(entry, key, values[key], "text without a placeholder left in it")
            if key in _CHOICES and values[key] not in _CHOICES[key]:
                raise CatalogueError(entry, key, values[key], f"one of {_CHOICES[key]}")
    made = Indicator(**values)
    if unknown := [level for level in made.levels if level not in LEVELS]:
        raise CatalogueError(entry, "levels", unknown, f"some of {LEVELS}")
    if made.unit == "percent" and not made.imported and not (made.numerator_th and made.denominator_th):
        raise CatalogueError(entry, "denominator_th", "empty", "what the percentage is of")
    return made


def _texts(value: object, entry: str, key: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(item, str) and item for item in value):
        raise CatalogueError(entry, key, value, "a list of texts")
    return tuple(value)


def _classes(value: object, entry: str) -> ClassSpec:
    if not isinstance(value, dict):
        raise CatalogueError(entry, "classes", value, "{ method, k, breaks }")
    _refuse_unknown(value, {"method", "k", "breaks"}, entry)
    if value.get("method") not in METHODS:
        raise CatalogueError(entry, "classes.method", value.get("method"), f"one of {METHODS}")
    breaks = value.get("breaks")
    try:
        return ClassSpec(
            method=value["method"],
            k=value.get("k", 5),
            breaks=None if breaks is None else tuple(float(bound) for bound in breaks),
        )
    except (TypeError, ValueError) as error:
        raise CatalogueError(entry, "classes", value, str(error)) from error


def _check_references(indicators: Mapping[str, Indicator]) -> None:
    for entry in indicators.values():
        if entry.of is not None and entry.of not in indicators:
            raise CatalogueError(entry.id, "of", entry.of, "the id of an indicator")
        if entry.per is not None and entry.per != APPLICABLE and entry.per not in indicators:
            raise CatalogueError(entry.id, "per", entry.per, f"the id of an indicator, or {APPLICABLE!r}")
        if entry.number is not None and MPI_INDICATORS[entry.number] != entry.dimension:
            raise CatalogueError(entry.id, "dimension", entry.dimension, MPI_INDICATORS[entry.number])
