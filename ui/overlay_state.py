"""Which layers lie on the overlay map, as plain data, and their short text in the address.

A set of layers is written as ``areas!itarget_poor_rate!y2018~light!snightlight-modelled!o70~place!kschool``: layers from the
bottom to the top, parted by ``~``; a layer is its kind and its fields, parted by ``!``, each a letter and a value. The text
is all there is of a set: nothing is kept on the server, and a copied link carries it whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from analytics.services import KINDS as SERVICE_KINDS

KINDS: Final = ("areas", "light", "outline", "village", "place")
"""Kinds of layers in the order in which a new one is laid on: a picture above the areas, points above everything."""
PLACES: Final = SERVICE_KINDS
OUTLINES: Final = ("province", "district", "subdistrict")
NONE: Final = "none"
"""What stands in the address for a set without layers; an empty text is the first ready-made set."""
LONGEST_SET: Final = 1200
LONGEST_TITLE: Final = 60
_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,79}")
_YEAR = re.compile(r"[12]\d{3}")


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of the overlay map.

    Attributes
    ----------
    kind : str
        Of `KINDS`: areas coloured by an indicator or by two, the picture of night light, outlines of a level, villages,
        service points of a kind.
    indicator, second : str
        Of areas; empty for the indicator of the view, and for no second one.
    year, second_year : int or None
        Common era, of the first and of the second; None for the newest there is.
    source : str
        Of light the source id of its product, of areas that of an indicator whose sources do not mix (NEET), of villages
        the specification of their scores; empty for the default.
    place : str
        Of service points: their kind.
    level : str
        Of outlines.
    measure : str
        Of villages: what colours them, a domain or an indicator of the specification; empty for their level.
    opacity : int
        In percent.
    on : bool
        Whether it is drawn.
    every : bool
        Of points of the whole country: each of them, not gathered into bubbles.
    """

    kind: str
    indicator: str = ""
    second: str = ""
    year: int | None = None
    second_year: int | None = None
    source: str = ""
    place: str = ""
    level: str = ""
    measure: str = ""
    opacity: int = 100
    on: bool = True
    every: bool = False

    @property
    def key(self) -> str:
        """What tells it from the other layers of a set; letters, digits and underscores."""
        part = {"place": self.place, "outline": self.level}.get(self.kind, "")
        return f"{self.kind}_{part}" if part else self.kind


Layers = tuple[Layer, ...]

# Letter of the field in the address, its name, and the kinds that have it.
_FIELDS: Final = (
    ("i", "indicator", ("areas",)),
    ("j", "second", ("areas",)),
    ("y", "year", ("areas", "light", "village")),
    ("z", "second_year", ("areas",)),
    ("s", "source", ("areas", "light", "village")),
    ("k", "place", ("place",)),
    ("l", "level", ("outline",)),
    ("m", "measure", ("village",)),
    ("o", "opacity", KINDS),
)
_FLAGS: Final = {"x": ("on", False), "a": ("every", True)}
POINTS: Final = ("village", "place")


def to_text(layers: Sequence[Layer]) -> str:
    """Write a set as it stands in the address.

    Examples
    --------
    >>> to_text([Layer("areas", "stars", opacity=80), Layer("place", place="school", on=False)])
    'areas!istars!o80~place!kschool!x'
    >>> to_text([])
    'none'
    """
    plain = Layer("")
    out = []
    for layer in layers:
        parts = [layer.kind]
        for letter, name, kinds in _FIELDS:
            value = getattr(layer, name)
            if layer.kind in kinds and value != getattr(plain, name):
                parts.append(f"{letter}{value}")
        parts += [flag for flag, (name, value) in _FLAGS.items() if getattr(layer, name) == value]
        out.append("!".join(parts))
    return "~".join(out) or NONE


def parse_layers(text: str, *, indicator_exists: Callable[[str], bool]) -> Layers:
    """Read a set; whatever is unknown, malformed or there twice falls away.

    Parameters
    ----------
    text : str
        From the address, so anything at all.
    indicator_exists : callable
        Whether an id is one that a map can show.

    Examples
    --------
    >>> found = parse_layers("areas!istars~cake~place!kschool!o300", indicator_exists=lambda i: i == "stars")
    >>> [(layer.key, layer.opacity) for layer in found]
    [('areas', 100), ('place_school', 100)]
    """
    found: dict[str, Layer] = {}
    if len(text) > LONGEST_SET:
        return ()
    for part in text.split("~"):
        layer = _layer(part, indicator_exists)
        if layer is not None:
            found.setdefault(layer.key, layer)
    return tuple(found.values())


def _layer(text: str, indicator_exists: Callable[[str], bool]) -> Layer | None:
    kind, *fields = text.split("!")
    if kind not in KINDS:
        return None
    layer = Layer(kind)
    names = {letter: name for letter, name, kinds in _FIELDS if kind in kinds}
    for part in fields:
        if part in _FLAGS:
            layer = replace(layer, **dict([_FLAGS[part]]))  # type: ignore[arg-type]
        elif part and part[0] in names:
            name = names[part[0]]
            value = _value(name, part[1:], indicator_exists)
            if value is not None:
                layer = replace(layer, **{name: value})
    if kind not in POINTS:
        layer = replace(layer, every=False)
    if (kind == "place" and not layer.place) or (kind == "outline" and not layer.level):
        return None
    # Two indicators that are one would be a diagonal.
    return replace(layer, second="", second_year=None) if layer.second == layer.indicator else layer


def _value(name: str, text: str, indicator_exists: Callable[[str], bool]) -> str | int | None:
    if name in ("year", "second_year"):
        return int(text) if _YEAR.fullmatch(text) and text.isascii() else None
    if name == "opacity":
        known = len(text) <= 3 and text.isascii() and text.isdecimal() and int(text) <= 100
        return int(text) if known else None
    if name in ("indicator", "second"):
        return text if indicator_exists(text) else None
    if name == "place":
        return text if text in PLACES else None
    if name == "level":
        return text if text in OUTLINES else None
    return text if _ID.fullmatch(text) else None


def clean_title(text: str) -> str:
    """A set's name as it may stand in the address: printable, on one line, at most `LONGEST_TITLE` characters.

    >>> clean_title("  schools\\nand the poor ")
    'schools and the poor'
    """
    # Marks that turn the direction of writing, and others nobody sees, could make a name say something else.
    seen = "".join(c for c in text if c.isprintable() or c.isspace())
    return " ".join(seen.split())[:LONGEST_TITLE].strip()


# ------------------------------------------------------------------------------------------------------------
# Changes; each gives a new set


def added(layers: Layers, layer: Layer) -> Layers:
    """The set with one more layer, above those of its kind and below those that would be hidden by it.

    A layer that is there already is switched on.
    """
    if any(x.key == layer.key for x in layers):
        return changed(layers, layer.key, on=True)
    rank = KINDS.index(layer.kind)
    place = max((i + 1 for i, x in enumerate(layers) if KINDS.index(x.kind) <= rank), default=0)
    return (*layers[:place], layer, *layers[place:])


def removed(layers: Layers, key: str) -> Layers:
    """The set without a layer."""
    return tuple(layer for layer in layers if layer.key != key)


def moved(layers: Layers, key: str, step: int) -> Layers:
    """The set with a layer moved up (1) or down (-1) by one place; the outermost stay where they are.

    >>> [x.kind for x in moved((Layer("areas"), Layer("light")), "areas", 1)]
    ['light', 'areas']
    """
    place = next((i for i, layer in enumerate(layers) if layer.key == key), None)
    if place is None or not 0 <= place + step < len(layers):
        return layers
    order = list(layers)
    order[place], order[place + step] = order[place + step], order[place]
    return tuple(order)


def changed(layers: Layers, key: str, **changes: object) -> Layers:
    """The set with fields of one layer changed."""
    return tuple(replace(x, **changes) if x.key == key else x for x in layers)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------------------
# Ready-made sets


@dataclass(frozen=True, slots=True)
class ReadyMade:
    """A set to begin with; `key` names its text (``overlay.set_<key>``)."""

    key: str
    layers: Layers
    show: str | None = None


_RATE: Final = "target_poor_rate"
READY_MADE: Final = (
    ReadyMade("poverty", (Layer("areas"), Layer("outline", level="province"))),
    ReadyMade("light", (Layer("areas", _RATE), Layer("light", opacity=85), Layer("outline", level="province"))),
    ReadyMade("both", (Layer("areas", _RATE, "light_mean"), Layer("outline", level="province"))),
    ReadyMade("school", (Layer("areas", "target_education_rate"), Layer("place", place="school"))),
    ReadyMade("health", (Layer("areas", "target_health_rate"), Layer("place", place="health"))),
    ReadyMade("village", (Layer("areas", _RATE, opacity=60), Layer("outline", level="district"), Layer("village"))),
)  # fmt: skip


def ready_made(layers: Layers) -> str | None:
    """Key of the ready-made set these layers are, if any."""
    return next((s.key for s in READY_MADE if s.layers == layers), None)
