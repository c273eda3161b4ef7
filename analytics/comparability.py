"""Whether two numbers that stand side by side may be subtracted, and what differs between them where they may not.

:mod:`analytics.definitions` knows what a *year* of an indicator counts. A row on a screen knows more: the definition and the
source it came under, its level, and whether anybody measured it. The rules here go by the rows.

Two numbers compare when they have one :func:`version` and one level. What differs without standing against a comparison,
such as the publisher of two years of one definition, is named all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from analytics.catalogue import load_catalogue
from analytics.definitions import UNVERIFIED, DefinitionError, definition, load_definitions

DIFFERENCES: Final = ("level", "made_up", "light", "rank", "unknown", "definition", "source", "year")
"""What may differ between two numbers, the gravest first.

``level``: one is of a province, the other of a district. ``made_up``: one is modelled or synthetic, the other is not.
``light``: two years of night light, which only its own screen compares. ``rank``: two years of a rank among other areas.
``unknown``: nobody wrote down what a year counts. ``definition``: they count different things. ``source``: two publishers.
``year``: two years.
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a number stands under.

    Attributes
    ----------
    level : str
    year : int
        Common era.
    definition : str
        Definition id of the row.
    source : str
        Source id of the row.
    made_up : bool
        Whether the source is modelled or synthetic.
    """

    level: str
    year: int
    definition: str
    source: str
    made_up: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two numbers compare.

    Attributes
    ----------
    differs : tuple of str
        What differs, of `DIFFERENCES`.
    against : tuple of str
        Those of them that stand against a comparison; empty where the two compare.
    """

    differs: tuple[str, ...] = ()
    against: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether a difference and a ratio of the two may be shown."""
        return not self.against


def by_source(definition_id: str) -> bool:
    """Tell whether a definition leaves room for sources to differ in it, so that only one source's numbers compare.

    >>> by_source("neet-unpaid-family-unstated"), by_source("target-plan12-card1")
    (True, False)
    """
    try:
        return definition(definition_id).by_source
    except DefinitionError:
        return True  # an id that nothing here knows promises nothing beyond its own source


def version(indicator: str, standing: Standing) -> str:
    """Return the key under which numbers of an indicator compare with each other, whatever their year.

    Parameters
    ----------
    indicator : str
        Id in the catalogue.
    standing : Standing

    Returns
    -------
    str
        Equal for two rows exactly when years do not keep them apart: the definition; the source where sources of one
        definition may differ; the year of ranks, of night light and of a definition nobody wrote down; and whether the number
        was made up.

    Examples
    --------
    >>> row = Standing("province", 2018, "target-plan12-card1", "tpmap-2561")
    >>> version("target_poor", row), version("stars", row)
    ('target-plan12-card1', 'target-plan12-card1@2018')
    """
    key = standing.definition
    if by_source(standing.definition):
        key += f"|{standing.source}"
    if bound_to_year(indicator, standing.definition) or standing.definition.startswith(UNVERIFIED):
        key += f"@{standing.year}"
    return key + ("|made-up" if standing.made_up else "")


def bound_to_year(indicator: str, definition_id: str) -> bool:
    """Tell whether a number says something within its year only: a rank among areas, or night light outside its screen.

    Of NEET, whose years the catalogue does not compare because they come from different sources, the row's definition knows more.
    """
    entry = load_catalogue().get(indicator)
    if entry is None or entry.theme == "light":
        return entry is not None
    written = load_definitions().get(definition_id)
    return not entry.comparable and not (written is not None and written.by_source)


def verdict(indicator: str, a: Standing, b: Standing) -> Verdict:
    """Tell whether two numbers of an indicator may be subtracted, and what differs between them.

    Examples
    --------
    >>> first = Standing("province", 2018, "target-plan12-card1", "tpmap-2561")
    >>> verdict("target_poor", first, Standing("province", 2022, "target-plan12-card1", "press-nation-2565"))
    Verdict(differs=('source', 'year'), against=())
    >>> verdict("target_poor", first, Standing("province", 2023, "target-plan12-card2565", "tpmap-2561")).against
    ('definition',)
    """
    entry = load_catalogue().get(indicator)
    light = entry is not None and entry.theme == "light"
    years, sources = a.year != b.year, a.source != b.source
    other = a.definition != b.definition
    found = {
        "level": a.level != b.level,
        "made_up": a.made_up != b.made_up,
        # Two products differ in sensor and mask, so that even one year of them is not one thing.
        "light": light and (years or sources),
        "rank": years and not light and any(bound_to_year(indicator, s.definition) for s in (a, b)),
        "unknown": (years or other) and any(s.definition.startswith(UNVERIFIED) for s in (a, b)),
        "definition": other,
        "source": sources,
        "year": years,
    }
    against = {name for name in ("level", "made_up", "light", "rank", "unknown", "definition") if found[name]}
    if sources and by_source(a.definition):
        against.add("source")
    return Verdict(
        tuple(name for name in DIFFERENCES if found[name]),
        tuple(name for name in DIFFERENCES if name in against),
    )
