"""The view a person has chosen, kept in the page's address so that a copied link opens the same view.

Streamlit can bind a widget to the address by itself, but writes the option's label there: a link from the
Thai screen would not open in English. Here the address holds codes and ids, and is the single source of truth:
widgets are set from it before they are drawn, and their callbacks write to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from itertools import pairwise

from analytics.services import KINDS, MAX_KM, NARROWEST_KM, tidy_radius
from ui.overlay_state import LONGEST_SET, clean_title

LANGUAGES = ("th", "en")
METHODS = ("catalogue", "quantiles", "equal_interval", "natural_breaks", "fisher_jenks", "user_defined")
PEERS = ("country", "parent")
LEVELS = ("province", "district", "subdistrict")
PATTERNS = ("pair", "y", "x", "both", "residual")
POINTS = ("auto", "rings", "all", "none")
PARTS = ("sources", "coverage", "dictionary", "snapshots", "manage")
FIRST = ("rate", "count", "several")
COUNTED = ("poor", "all")
DIGITS = ("arabic", "thai")
NO_DATA_CLASS = "missing"
ROLES = ("governor", "chief", "planner", "nesdc", "trainer")
LIGHT_MODES = ("picture", "swipe", "difference", "areas", "closeup")
_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,79}")
_TOPIC = re.compile(r"[a-z]{1,12}(?:-[a-z0-9_-]{1,60})?")
_GRADES = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)*")
_KM = re.compile(r"\d{1,3}(?:\.\d)?")
LONGEST_GRADES = 300
_WEIGHTS = re.compile(r"(?:100|\d{1,2})(?:\.(?:100|\d{1,2})){1,61}", re.ASCII)
SPREADS = ("near", "wide")
COMPARED = ("areas", "years")
MOST_BESIDE = 3
LONGEST_BESIDE = 60
_ONLY = re.compile(rf"[0-9]|{NO_DATA_CLASS}")
_LAYERS = re.compile(r"[a-z0-9_.~!-]*")
MIN_CLASSES, MAX_CLASSES = 2, 9
LONGEST_BREAKS = 120


@dataclass(frozen=True, slots=True)
class View:
    """Everything that decides what a page shows.

    Attributes
    ----------
    area : str
        Code of the area looked at; the map shows the areas inside it.
    year : int or None
        Common era; None means the newest year that has data.
    show : str or None
        Level of the areas on the map; None means the next level down.
    ind : str
        Indicator id on the map page.
    peers : str
        Whom stars compare with: all areas of the level, or those of the same parent.
    method, k, breaks : str, int, str
        How values are classed: ``catalogue`` as the indicator's own entry says, else a method of
        `analytics.classify`; `breaks` are upper bounds as text such as ``"1,2.5,5"``.
    lock : bool
        True keeps the same class bounds for every year and level.
    light, light2 : str
        Source id of a night light product, empty for the default; `light2` is another one for the earlier year.
    y0, y1 : int or None
        Common era; the earlier and the later year of light. Where one year is shown it is `y1`.
    mode : str
        How light is shown, of `LIGHT_MODES`.
    measure : str
        Measure of light, or of access to services, on a map of areas; empty for the default.
    opacity : int
        Of the light over the map, in percent.
    anyway : bool
        Compare two years although something stands against it.
    pattern : str
        What the map of poverty and light shows: the pair, or the clusters of one of `PATTERNS`.
    source : str
        Source id of NEET rates, empty for the newest; of places of services, empty for the largest, ``all`` for every one;
        of a trend, empty for the preferred source of each year.
    kind : str
        Of `analytics.services.KINDS`, empty for the first there is.
    grades : str
        Grades of places with a dot between, empty for all.
    km : float
        Radius of access, straight line; 0 for where the kind starts.
    points : str
        Of `POINTS`: as the map's scale asks for, with rings of the radius, every one, or none.
    approx : bool
        Places without coordinates of their own count too.
    layers : str
        Layers of the overlay map as `ui.overlay_state` writes them, empty for the first ready-made set.
    title : str
        Name a person gave to the set of layers.
    cut : int or None
        Cut-off of a computed index in percent of all weights, 0 for the union; None is the specification's own.
    weights : str
        Weights of dimensions or of indicators of a computed index as whole numbers from 0 to 100 with a dot between; empty for
        the specification's own.
    spread : str
        How far the settings lie from the one shown that a ranking is held against, of `SPREADS`.
    pool : bool
        The settings vary the year too.
    part : str
        Of the Data screen, of `PARTS`.
    first : str
        By what areas need help first, of `FIRST`.
    counted : str
        Whom a deprivation by indicator counts, of `COUNTED`: the target poor, or everybody it applies to.
    workshop : bool
        Every page shows the synthetic country instead of what the home holds.
    by : str
        What is set side by side, of `COMPARED`: areas, or two years of one; empty for areas.
    others : str
        Codes of the areas set beside it with a dot between, at most `MOST_BESIDE`; ``with`` in the address.
    digits : str
        Of `DIGITS`: which figures numbers are drawn with on the Thai screen; files and copies keep 0-9.
    only : str
        The one class of the legend that is drawn in full: its place from the lowest, `NO_DATA_CLASS`, or empty for all.
    mark : str
        Code of the area that was chosen on a map or in a table and is not opened, empty for none.
    role : str
        Who is looking, of `ROLES`, empty for whoever did not say; the first page leads by it.
    topic : str
        Entry of the help that is open, empty for the first.
    """

    area: str = "TH"
    lang: str = "th"
    year: int | None = None
    show: str | None = None
    ind: str = "stars"
    peers: str = "country"
    method: str = "catalogue"
    k: int = 5
    breaks: str = ""
    lock: bool = True
    light: str = ""
    light2: str = ""
    y0: int | None = None
    y1: int | None = None
    mode: str = "picture"
    measure: str = ""
    opacity: int = 85
    anyway: bool = False
    pattern: str = "pair"
    source: str = ""
    kind: str = ""
    grades: str = ""
    km: float = 0.0
    points: str = "auto"
    approx: bool = False
    layers: str = ""
    title: str = ""
    cut: int | None = None
    weights: str = ""
    spread: str = "near"
    pool: bool = False
    part: str = "sources"
    first: str = "rate"
    counted: str = "poor"
    workshop: bool = False
    by: str = ""
    others: str = ""
    digits: str = "arabic"
    only: str = ""
    mark: str = ""
    role: str = ""
    topic: str = ""


_DEFAULT = View()
_ADDRESS = {"others": "with"}
"""Fields whose name in the address is a word that Python keeps for itself."""


def _year(text: str) -> int | None:
    """A year as the address holds it: common era; a Buddhist year typed by hand is understood too."""
    if not text.isdecimal() or len(text) != 4:
        return None
    year = int(text)
    return year - 543 if year > 2400 else year


def parse(
    params: Mapping[str, str],
    *,
    area_exists: Callable[[str], bool],
    indicator_exists: Callable[[str], bool],
    language: str = "th",
) -> View:
    """Read a view from address parameters; whatever is unknown or malformed falls back to its default."""
    view = replace(_DEFAULT, lang=language)
    area = params.get("area", "")
    if area_exists(area):
        view = replace(view, area=area)
    for name, allowed in (
        ("lang", LANGUAGES), ("peers", PEERS), ("method", METHODS), ("show", LEVELS),
        ("mode", LIGHT_MODES), ("pattern", PATTERNS), ("kind", KINDS), ("points", POINTS),
        ("spread", SPREADS), ("part", PARTS), ("first", FIRST), ("counted", COUNTED), ("by", COMPARED),
        ("digits", DIGITS),
        ("role", ROLES),
    ):  # fmt: skip
        if params.get(name) in allowed:
            view = replace(view, **{name: params[name]})
    mark = params.get("mark", "")
    if mark and area_exists(mark):
        view = replace(view, mark=mark)
    if _ONLY.fullmatch(params.get("only", "")):
        view = replace(view, only=params["only"])
    if indicator_exists(params.get("ind", "")):
        view = replace(view, ind=params["ind"])
    for name in ("year", "y0", "y1"):
        if (year := _year(params.get(name, ""))) is not None:
            view = replace(view, **{name: year})
    for name in ("light", "light2", "measure", "source"):
        # Whether there is such a thing is the page's business.
        if _ID.fullmatch(params.get(name, "")):
            view = replace(view, **{name: params[name]})
    # Whether there is such an entry is the page's business.
    if _TOPIC.fullmatch(params.get("topic", "")):
        view = replace(view, topic=params["topic"])
    grades = params.get("grades", "")
    if len(grades) <= LONGEST_GRADES and _GRADES.fullmatch(grades):
        view = replace(view, grades=grades)
    km = params.get("km", "")
    if _KM.fullmatch(km) and km.isascii() and NARROWEST_KM <= float(km) <= MAX_KM:
        view = replace(view, km=tidy_radius(float(km)))
    opacity = params.get("opacity", "")
    if opacity.isdecimal() and len(opacity) <= 3 and int(opacity) <= 100:
        view = replace(view, opacity=int(opacity))
    for name in ("anyway", "approx", "pool", "workshop"):
        if params.get(name) == "1":
            view = replace(view, **{name: True})
    cut = params.get("cut", "")
    if cut.isdecimal() and len(cut) <= 3 and int(cut) <= 100:
        view = replace(view, cut=int(cut))
    weights = params.get("weights", "")
    # How many there have to be is the page's business.
    if _WEIGHTS.fullmatch(weights) and any(int(w) for w in weights.split(".")):
        view = replace(view, weights=weights)
    classes = params.get("k", "")
    if classes.isdecimal() and MIN_CLASSES <= int(classes) <= MAX_CLASSES:
        view = replace(view, k=int(classes))
    # Kept as typed, even where it cannot be used, so that the screen can say what is wrong with it.
    view = replace(view, breaks=params.get("breaks", "")[:LONGEST_BREAKS])
    if params.get("lock") == "0":
        view = replace(view, lock=False)
    beside = params.get("with", "")[:LONGEST_BESIDE].split(".")
    known = [code for code in dict.fromkeys(beside) if code not in ("", view.area) and area_exists(code)]
    view = replace(view, others=".".join(known[:MOST_BESIDE]))
    layers = params.get("layers", "")
    if len(layers) <= LONGEST_SET and _LAYERS.fullmatch(layers):
        view = replace(view, layers=layers)
    return replace(view, title=clean_title(params.get("title", "")))


def read_breaks(text: str) -> tuple[float, ...]:
    """Ascending class bounds from text such as ``"1, 2.5, 5"``; empty when they cannot be used.

    >>> read_breaks("1, 2.5,5")
    (1.0, 2.5, 5.0)
    >>> read_breaks("5,1")
    ()
    """
    try:
        bounds = tuple(float(part) for part in text.split(",")) if text.strip() else ()
    except ValueError:
        return ()
    usable = all(abs(b) < 1e12 for b in bounds) and all(a < b for a, b in pairwise(bounds))
    return bounds if usable and len(bounds) < MAX_CLASSES else ()


def to_params(view: View) -> dict[str, str]:
    """Address parameters of a view: area and language always, the rest where it differs from its default."""
    out = {"area": view.area, "lang": view.lang}
    for f in fields(View):
        value = getattr(view, f.name)
        if f.name not in out and value != getattr(_DEFAULT, f.name):
            text = f"{value:g}" if isinstance(value, float) else value
            out[_ADDRESS.get(f.name, f.name)] = str(int(value)) if isinstance(value, bool) else str(text)
    return out
