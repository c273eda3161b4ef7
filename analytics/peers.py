"""Which areas are like a given one: a printed distance over a few facts that do not depend on how poor an area is.

Each amount (people surveyed, people a square kilometre, product a head) enters by its natural logarithm, divided by the
standard deviation of these logarithms over all areas of the level; the region enters as 0 where it is the same and 1 where
it is not, which weighs as much as one standard deviation of an amount. The distance is the root of their mean square:

    d(i, j) = sqrt( (1/p) * ( sum_k ((ln x_ik - ln x_jk) / s_k)^2 + [region_i != region_j] ) )

with p the number of facts that are known of the area itself. A fact the area lacks is left out for all and named; another area
that lacks one of the rest is not compared and counted. Equal distances are ordered by code.

Poverty, light and NEET are no facts here on purpose: areas alike in these would be compared with areas chosen for being as poor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

AMOUNTS: Final = ("persons", "density", "gpp_per_head")
"""People surveyed; people surveyed a square kilometre; gross provincial product a head, baht."""

REGION: Final = "region"
FACTS: Final = (*AMOUNTS, REGION)
MOST: Final = 5
LEAST_AREAS: Final = 5
"""With fewer areas a standard deviation says little, and the list would be the level itself."""


@dataclass(frozen=True, slots=True)
class Peers:
    """The areas most like one.

    Attributes
    ----------
    table : DataFrame
        ``code, distance`` and for each fact used its part ``(x_i - x_j) / s`` (of the region 0 or 1); nearest first.
    used : tuple of str
        Facts the distance rests on, of `FACTS`.
    unknown : tuple of str
        Facts that are not known of the area itself.
    absent : tuple of str
        Facts that no area of the level has.
    compared : int
        Areas a distance was worked out for.
    left_out : dict of str to int
        Fact to the number of areas not compared because they lack it; an area that lacks two counts under the first.
    spread : dict of str to float
        Standard deviation of the logarithms of each amount used.
    """

    table: pd.DataFrame
    used: tuple[str, ...]
    unknown: tuple[str, ...]
    absent: tuple[str, ...]
    compared: int
    left_out: dict[str, int]
    spread: dict[str, float]


def most_similar(facts: pd.DataFrame, code: str, most: int = MOST) -> Peers:
    """Return the areas of a level most like one of them.

    Parameters
    ----------
    facts : DataFrame
        Index: codes of all areas of one level. Columns: of `FACTS`, those there are. Amounts that are missing, zero or
        below are not known.
    code : str
        An area of the index.
    most : int

    Returns
    -------
    Peers
        An empty table where nothing but the region is known of the area, or fewer than `LEAST_AREAS` could be compared.

    Raises
    ------
    KeyError
        For an area that is not in the index.

    Examples
    --------
    >>> import pandas as pd
    >>> facts = pd.DataFrame({"persons": [100, 110, 400, 900, 90, 5000]}, index=list("abcdef"))
    >>> most_similar(facts, "a", 2).table["code"].tolist()
    ['b', 'e']
    """
    if code not in facts.index:
        raise KeyError(f"area: found {code!r}, expected one of the {len(facts)} areas of the table")
    logs = _logarithms(facts)
    region = facts[REGION] if REGION in facts else pd.Series(None, index=facts.index, dtype=object)
    known = {name: logs[name].notna() for name in AMOUNTS} | {REGION: region.notna()}
    absent = tuple(name for name in FACTS if not known[name].any())
    unknown = tuple(name for name in FACTS if name not in absent and not known[name][code])
    spread = {name: float(logs[name].std(ddof=0)) for name in AMOUNTS if name not in (*absent, *unknown)}
    # Where all areas have the same amount it tells nobody apart.
    spread = {name: s for name, s in spread.items() if s > 0}
    used = tuple(name for name in FACTS if name in spread or (name == REGION and known[REGION][code]))
    left_out: dict[str, int] = {}
    taking = facts.index != code
    for name in used:
        lacking = taking & ~known[name].to_numpy()
        if lacking.any():
            left_out[name] = int(lacking.sum())
        taking &= ~lacking
    others = facts.index[taking]
    parts = pd.DataFrame(index=others)
    for name in used:
        if name == REGION:
            parts[name] = (region[others] != region[code]).astype(float)
        else:
            parts[name] = (logs.loc[others, name] - logs.loc[code, name]) / spread[name]
    enough = bool(spread) and len(others) >= LEAST_AREAS
    distance = np.sqrt((parts**2).sum(axis=1) / max(1, len(used)))
    table = parts.assign(distance=distance).rename_axis("code").reset_index()
    table = table.sort_values(["distance", "code"], ignore_index=True).head(most if enough else 0)
    return Peers(
        table[["code", "distance", *used]],
        used,
        unknown,
        absent,
        len(others) if enough else 0,
        left_out,
        {name: spread[name] for name in used if name != REGION},
    )


def _logarithms(facts: pd.DataFrame) -> pd.DataFrame:
    out = pd.DataFrame(index=facts.index)
    for name in AMOUNTS:
        amount = facts[name].astype(float) if name in facts else pd.Series(np.nan, index=facts.index)
        out[name] = np.log(amount.where(np.isfinite(amount) & (amount > 0)))
    return out
