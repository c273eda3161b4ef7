"""Kinds and grades of public services: what they are called, how agencies write them, and the distances a screen starts with.

``services.toml`` holds all of it. A distance to start from is nobody's norm unless it says who published it; the
weights of E2SFCA are marked as not verified there, and whoever shows a figure that rests on them says so.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from analytics.access import Bands
from geo.codes import clean_name

SERVICES_FILE: Final = Path(__file__).with_name("services.toml")
UNKNOWN: Final = "unknown"
"""Grade of a place whose level of service nobody stated, of any kind."""

KINDS: Final = ("health", "school", "office", "other")
NARROWEST_KM: Final = 0.5
MAX_KM: Final = 50.0
"""The widest radius that may be asked for: beyond it every place reaches thousands of villages and tells none apart."""

WHOLE_KM: Final = 10.0
"""Above it a radius is whole kilometres: no origin is so exact, and every other radius is worked out anew for the whole country."""


class ServicesError(ValueError):
    """The services file breaks a rule, or an id names no kind or grade: what was found and what was expected."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of place.

    Attributes
    ----------
    id : str
        One of `KINDS`.
    name_th, name_en : str
    colour : int
        Position in the palette of kinds; the same on every screen.
    capacity_unit : str
        What a capacity of this kind counts unless its source says otherwise: ``beds``, ``pupils``, ``persons``, ``units``.
    radius_km : float
        Where a screen starts, straight line.
    radius_basis : str
        ``cited`` or ``ours``.
    radius_th, radius_en : str
        Whose choice the radius is; shown beside it.
    """

    id: str
    name_th: str
    name_en: str
    colour: int
    capacity_unit: str
    radius_km: float
    radius_basis: Literal["cited", "ours"]
    radius_th: str
    radius_en: str


@dataclass(frozen=True, slots=True)
class Grade:
    """A level of service within a kind.

    Attributes
    ----------
    id, kind : str
    name_th, name_en : str
    rank : int
        Order within the kind, from 0: health from the village up, schools from the youngest up, offices from the
        province down; ``unknown`` comes last.
    words : tuple of str
        What agencies write for it, as `_key` leaves it.
    """

    id: str
    kind: str
    name_th: str
    name_en: str
    rank: int
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decay:
    """How weight falls with distance in E2SFCA.

    Attributes
    ----------
    steps, weights : tuple of float
        Upper limits as parts of the radius, the last one 1, and the weight up to each.
    verified : bool
        Whether the weights were read in the source they are ascribed to.
    """

    steps: tuple[float, ...]
    weights: tuple[float, ...]
    verified: bool

    def bands(self, km: float) -> Bands:
        """The steps of a radius in kilometres; its last limit is the radius itself."""
        return Bands((*(km * step for step in self.steps[:-1]), km), self.weights)


@dataclass(frozen=True, slots=True)
class Services:
    """Everything ``services.toml`` says."""

    kinds: Mapping[str, Kind]
    grades: Mapping[str, Grade]
    decay: Decay

    def of_kind(self, kind: str) -> dict[str, Grade]:
        """The grades of a kind by id in their order, ``unknown`` last.

        Raises
        ------
        ServicesError
            For a kind that is none.
        """
        if kind not in self.kinds:
            raise ServicesError(f"found kind {kind!r}, expected one of {', '.join(self.kinds)}")
        own = {g.id: g for g in self.grades.values() if g.kind == kind}
        return own | {UNKNOWN: Grade(UNKNOWN, kind, "ไม่ระบุระดับ", "Level not stated", len(own))}


@cache
def load_services(path: Path = SERVICES_FILE) -> Services:
    """Read and check the services file.

    Raises
    ------
    ServicesError
        With what was found and what was expected.
    """
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    kinds = {name: _kind(name, entry) for name, entry in raw.get("kind", {}).items()}
    if tuple(kinds) != KINDS:
        raise ServicesError(f"found kinds {tuple(kinds)}, expected {KINDS}")
    grades: dict[str, Grade] = {}
    for name, entry in raw.get("grade", {}).items():
        if name == UNKNOWN or entry.get("kind") not in kinds:
            raise ServicesError(f"found grade {name!r} of {entry.get('kind')!r}, expected one of {KINDS}")
        rank = sum(g.kind == entry["kind"] for g in grades.values())
        words = tuple(_key(word) for word in entry["words"])
        grades[name] = Grade(name, entry["kind"], entry["name_th"], entry["name_en"], rank, words)
    decay = raw["e2sfca"]
    found = Decay(tuple(decay["steps"]), tuple(decay["weights"]), bool(decay["verified"]))
    if found.steps[-1:] != (1.0,):
        raise ServicesError(f"found steps {found.steps}, expected parts of the radius that end with 1.0")
    found.bands(1.0)  # its own checks: ascending limits, weights from above 0 to 1
    return Services(MappingProxyType(kinds), MappingProxyType(grades), found)


def _kind(name: str, entry: Mapping[str, Any]) -> Kind:
    try:
        kind = Kind(id=name, **entry)
    except TypeError as error:
        raise ServicesError(f"kind {name!r}: {error}") from None
    if kind.radius_basis not in ("cited", "ours") or not 0 < kind.radius_km <= 100:
        found = f"{kind.radius_basis!r}, {kind.radius_km} km"
        raise ServicesError(f"kind {name!r}: found {found}, expected cited or ours, and 0 to 100 km")
    return kind


_SIGNS: Final = re.compile(r"[\s_\-‐-―.,:;/\\()\[\]*'\"″”“|]+")


def tidy_radius(km: float) -> float:
    """The radius that can be asked for nearest to `km`: steps of 0.1 km, above `WHOLE_KM` of 1 km.

    Examples
    --------
    >>> tidy_radius(6.54), tidy_radius(16.5), tidy_radius(80), tidy_radius(0)
    (6.5, 17.0, 50.0, 0.5)
    """
    within = min(max(km, NARROWEST_KM), MAX_KM)
    # Halves go up always: to the even one, a step of a half up from 17 would change nothing.
    return float(int(within + 0.5)) if within > WHOLE_KM else round(within, 1)


def _key(text: str) -> str:
    return _SIGNS.sub("", clean_name(text).casefold())


def grade_of(kind: str, text: str) -> str:
    """Grade that an agency's word stands for; ``unknown`` where it stands for none.

    Examples
    --------
    >>> grade_of("health", "โรงพยาบาลชุมชน(รพช.)"), grade_of("health", "รพ.สต."), grade_of("office", "TAOOffice")
    ('community_hospital', 'primary_care', 'subdistrict_organisation')
    >>> grade_of("school", "อนุบาล–ประถมศึกษา"), grade_of("school", "มัธยมศึกษาตอนปลาย"), grade_of("school", "")
    ('primary', 'secondary', 'unknown')
    """
    key = _key(text)
    own = load_services().of_kind(kind)
    if not key:
        return UNKNOWN
    if key in own:
        return key
    if (named := next((g.id for g in own.values() if key in g.words or _key(g.id) == key), None)) is not None:
        return named
    if kind == "school" and (read := school_grade(text)) is not None:
        return read
    # Two letters inside a longer text mean nothing.
    inside = (g.id for g in own.values() if any(len(word) > 2 and word in key for word in g.words))
    return next(inside, UNKNOWN)


_LEVELS: Final = (
    (
        re.compile(
            "เตรียมอนุบาล|อนุบาล|ก่อนประถม|ปฐมวัย|pre-?school|kindergarten|nursery|(?<![ก-๙])อ\\.?\\s*[1-3]", re.I
        ),
        0,
    ),
    (re.compile("ประถม|primary|elementary|(?<![ก-๙])ป\\.?\\s*[1-6]", re.I), 1),
    (re.compile("(?:มัธยม(?:ศึกษา)?ตอน)?ต้น|lower\\s*secondary|(?<![ก-๙])ม\\.?\\s*[1-3]", re.I), 2),
    (re.compile("(?:มัธยม(?:ศึกษา)?ตอน)?ปลาย|upper\\s*secondary|(?<![ก-๙])ม\\.?\\s*[4-6]", re.I), 3),
    (re.compile("มัธยม|secondary|high\\s*school", re.I), 3),
)


def school_grade(text: str) -> str | None:
    """Grade of a school from the levels it teaches: the lowest and the highest that are named.

    Examples
    --------
    >>> school_grade("อนุบาล–มัธยมศึกษาตอนต้น"), school_grade("ประถมศึกษา–มัธยมศึกษา"), school_grade("ป.1-ม.3")
    ('expansion', 'all_levels', 'expansion')
    >>> school_grade("อ.1-ม.3"), school_grade("อ.1 - ม.6"), school_grade("อ.2-ป.6")
    ('expansion', 'all_levels', 'primary')
    >>> school_grade("เตรียมอนุบาล–อนุบาล"), school_grade("มัธยมศึกษาตอนต้น"), school_grade("12") is None
    ('preschool', 'secondary', True)
    """
    plain = clean_name(text)
    found = set()
    for pattern, level in _LEVELS:
        rest = pattern.sub(" ", plain)
        if rest != plain:
            found.add(level)
            plain = rest
    if not found:
        return None
    low, high = min(found), max(found)
    if low >= 2:
        return "secondary"
    return ("preschool", "primary", "expansion", "all_levels")[high]
