"""Households of a province that add up to its targets: where, how large, how many cards, and which indicators they fail.

The failures are planned first and the answers made to fit (:mod:`warehouse.demo.answers`), so that the published counts come
out to the last person. A household of a thinned country stands for `weight` households; sums are met with the weights, and
where a weight is too coarse for a sum, one household is cut into two of smaller weight.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.catalogue import DIMENSIONS, MPI_INDICATORS
from analytics.survey_columns import DEPRIVATIONS
from warehouse.demo.land import Land
from warehouse.demo.targets import Targets, apportion

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LARGEST: Final = 12
"""Members of the largest household."""
MOST_CARDS: Final = 4
FEWEST_POOR: Final = 16
FEWEST_OTHERS: Final = 4
"""Records of poor and of other households a province has at least, where it has as many: fewer could not meet every sum."""
ATTEMPTS: Final = 100
POOR_PART: Final = 0.6
"""Part of a thinned country's persons that the poor may take: they are what is looked at."""

_DIMENSION_OF: Final = np.array([DIMENSIONS.index(MPI_INDICATORS[n]) for n in DEPRIVATIONS])
# How often each indicator is what fails its dimension, roughly as in TPMAP's file of B.E. 2561.
_FREQUENCY: Final = {
    "01": 0.02, "04": 0.36, "05": 0.32, "07": 0.30,
    "08": 0.10, "09": 0.07, "10": 0.08, "11": 0.75,
    "15": 0.05, "16": 0.45, "17": 0.12, "19": 0.38,
    "20": 0.34, "21": 0.40, "22": 0.26,
    "27": 0.70, "28": 0.30,
}  # fmt: skip
_SECOND: Final = 0.08
"""How often another indicator of a failed dimension fails as well."""


class NoSumError(ValueError):
    """No choice among the households adds up to what was wanted."""


def fails(failing: NDArray[np.uint32], number: str) -> Bools:
    """Whether households fail an indicator, from their sets of failures."""
    found: Bools = (failing >> np.uint32(DEPRIVATIONS.index(number))) & np.uint32(1) == 1
    return found


@dataclass(slots=True)
class Homes:
    """Households, one a row.

    Attributes
    ----------
    weight : ndarray of int
        Households it stands for.
    village : ndarray of int
        Position in `Land.villages`.
    size, cards : ndarray of int
        Members, and those of them with a verified card where the household is poor.
    primary : ndarray of int
        Position of the dimension chosen first; -1 for households that are not poor.
    dimensions : ndarray of bool, shape (n, 5)
    failing : ndarray of uint32
        Bit i set: fails the i-th of `analytics.survey_columns.DEPRIVATIONS`.
    """

    weight: Ints
    village: Ints
    size: Ints
    cards: Ints
    primary: Ints
    dimensions: Bools
    failing: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, dtype=np.uint32))

    def __len__(self) -> int:
        return len(self.weight)

    def cut(self, at: int, amount: int) -> int:
        """Cut a household of weight `amount` off another; the position of the new one."""
        if not 0 < amount < self.weight[at]:
            raise ValueError(f"found {amount} to cut off a weight of {self.weight[at]}")
        for name in ("weight", "village", "size", "cards", "primary", "dimensions"):
            column = getattr(self, name)
            setattr(self, name, np.concatenate([column, column[at : at + 1]]))
        self.weight[at] -= amount
        self.weight[-1] = amount
        return len(self) - 1

    def take(self, order: Ints) -> Homes:
        """Households in another order."""
        names = ("weight", "village", "size", "cards", "primary", "dimensions", "failing")
        return Homes(*(getattr(self, name)[order] for name in names))


def meet(
    homes: Homes, name: str, target: int, low: Ints | int, high: Ints | int, rng: np.random.Generator
) -> None:
    """Raise or lower a column by ones at random until its weighted sum is `target`.

    Parameters
    ----------
    homes : Homes
        Changed; one household may be cut in two.
    name : str
        Column of whole numbers.
    target : int
    low, high : int or ndarray of int
        What the column may not pass.

    Raises
    ------
    NoSumError
        When no numbers within the bounds add up to it.
    """
    floor, ceiling = (np.broadcast_to(b, len(homes)).astype(np.int64) for b in (low, high))
    while True:
        values = getattr(homes, name)
        gap = target - int(homes.weight @ values)
        if gap == 0:
            return
        step = 1 if gap > 0 else -1
        movable = np.flatnonzero(values < ceiling if gap > 0 else values > floor)
        if not len(movable):
            raise NoSumError(f"found no {name} that add up to {target}")
        order = rng.permutation(movable)
        reached = np.cumsum(homes.weight[order])
        whole = int(np.searchsorted(reached, abs(gap), side="right"))
        values[order[:whole]] += step
        left = abs(gap) - (int(reached[whole - 1]) if whole else 0)
        if left and whole < len(order):
            at = homes.cut(int(order[whole]), left)
            getattr(homes, name)[at] += step
            return


def choose(homes: Homes, order: Ints, target: int) -> Ints:
    """Households whose cards add up to `target`, the first of an order as far as possible.

    Parameters
    ----------
    homes : Homes
        A household may be cut in two.
    order : ndarray of int
        Positions that may be chosen, each with at least one card, the most wanted first.
    target : int

    Returns
    -------
    ndarray of int
        Positions chosen.

    Raises
    ------
    NoSumError
        When no choice adds up to it.
    """
    units = homes.weight[order] * homes.cards[order]
    whole = int(np.searchsorted(np.cumsum(units), target, side="right"))
    chosen = list(order[:whole])
    left = target - int(units[:whole].sum())
    # What is left is smaller than the next household: smaller ones behind it, or a part of one, make it up.
    for at in order[whole:]:
        if not left:
            break
        number = min(left // int(homes.cards[at]), int(homes.weight[at]))
        if not number:
            continue
        chosen.append(int(at) if number == homes.weight[at] else homes.cut(int(at), number))
        left -= number * int(homes.cards[at])
    if left:
        raise NoSumError(f"found no households whose cards add up to {target}, {left} are left")
    return np.array(chosen, dtype=np.int64)


def plan(targets: Targets, land: Land, scale: float, rng: np.random.Generator) -> Homes:
    """Households of a province whose weighted sums are the targets.

    Parameters
    ----------
    targets : Targets
    land : Land
    scale : float
        Rows of persons for each surveyed person, up to 1: one row each, all weights 1.
    rng : numpy.random.Generator

    Returns
    -------
    Homes
        In the order of villages.
    """
    t = targets
    n_poor, n_others = _records(t, scale)
    everybody = np.maximum(apportion(t.households, land.shares), 0)
    needy = _poor_by_village(t, everybody, land, rng)
    poor = _poor(needy, n_poor, t, land, rng)
    others = _homes(everybody - needy, n_others, t.persons - t.poor, rng)
    others.failing = np.zeros(len(others), dtype=np.uint32)
    _choose_indicators(poor, rng)
    both = Homes(
        *(
            np.concatenate([getattr(poor, name), getattr(others, name)])
            for name in ("weight", "village", "size", "cards", "primary", "dimensions", "failing")
        )
    )
    # Mixed within the village, so that neither order nor number tells who is poor.
    return both.take(np.lexsort((rng.random(len(both)), both.village)))


def _poor(by_village: Ints, records: int, t: Targets, land: Land, rng: np.random.Generator) -> Homes:
    """Poor households with their cards and dimensions; where few and heavy ones cannot meet a sum, others are drawn."""
    attempt = 0
    while True:
        attempt += 1
        poor = _homes(by_village, records, t.poor, rng)
        try:
            _deal_cards(poor, t, rng)
            _deal_dimensions(poor, t, land, rng)
            return poor
        except NoSumError:
            if attempt == ATTEMPTS:
                raise


def _records(t: Targets, scale: float) -> tuple[int, int]:
    others = t.households - t.poor_households
    if scale >= 1:
        return t.poor_households, others
    persons = scale * t.persons
    poor = min(float(t.poor), POOR_PART * persons)
    n_poor = round(t.poor_households * poor / t.poor)
    n_others = round(others * (persons - poor) / (t.persons - t.poor))
    return (
        min(max(n_poor, FEWEST_POOR), t.poor_households),
        min(max(n_others, FEWEST_OTHERS), others),
    )


def _poor_by_village(t: Targets, everybody: Ints, land: Land, rng: np.random.Generator) -> Ints:
    """Poor households by village: by people and risk, never more than two thirds of a village."""
    most = np.maximum(2 * everybody // 3, 0)
    if most.sum() < t.poor_households:
        most = everybody
    share = everybody * land.risk
    found = np.zeros(len(everybody), dtype=np.int64)
    left = t.poor_households
    while left:
        room = most > found
        p = np.where(room, share, 0.0)
        if p.sum() == 0:
            p = room.astype(float)
        found = np.minimum(found + rng.multinomial(left, p / p.sum()), most)
        left = t.poor_households - int(found.sum())
    return found


def _homes(by_village: Ints, records: int, persons: int, rng: np.random.Generator) -> Homes:
    """So many records for the households of the villages, with sizes that come to `persons`."""
    total, villages = int(by_village.sum()), np.cumsum(by_village)
    ends = np.unique(np.rint(np.linspace(0, total, records + 1)[1:]).astype(np.int64))
    if records >= 2 * int((by_village > 0).sum()):
        # Enough of them for every village to have its own.
        ends = np.unique(np.concatenate([ends, villages[by_village > 0]]))
    weight = np.diff(ends, prepend=0)
    middle = ends - (weight + 1) // 2
    village = np.searchsorted(villages, middle, side="right").astype(np.int64)
    mean = persons / total
    size = np.clip(1 + rng.poisson(mean - 1.0, len(weight)), 1, LARGEST).astype(np.int64)
    count = len(weight)
    homes = Homes(
        weight.astype(np.int64),
        village,
        size,
        np.zeros(count, dtype=np.int64),
        np.full(count, -1, dtype=np.int64),
        np.zeros((count, len(DIMENSIONS)), dtype=bool),
    )
    meet(homes, "size", persons, 1, LARGEST, rng)
    return homes


def _deal_cards(poor: Homes, t: Targets, rng: np.random.Generator) -> None:
    able = np.minimum(poor.size, MOST_CARDS)
    # Single cards make sums exact, so a part of the households has no more, and all where there are hardly any cards.
    parts = (1.0, 0.5, 0.25) if t.target < 100 else (0.5, 0.25)
    for part in (*parts, 0.0):
        most = np.where(rng.random(len(poor)) < part, 1, able)
        if int(poor.weight @ most) >= 1.1 * t.target:
            break
    chance = t.target / float(poor.weight @ most)
    poor.cards = rng.binomial(most, min(chance, 1.0)).astype(np.int64)
    meet(poor, "cards", t.target, 0, most, rng)


def _deal_dimensions(poor: Homes, t: Targets, land: Land, rng: np.random.Generator) -> None:
    """Which dimensions each poor household fails, so that card holders come to the published numbers."""
    wanted = np.array(t.dimensions, dtype=np.int64)
    more = int(wanted.sum()) - t.target
    second = np.minimum(apportion(more, wanted.astype(float)), wanted) if more else np.zeros_like(wanted)
    first = wanted - second
    for k in np.argsort(first):
        # The rarest first, where the villages lean to it; the commonest takes who is left.
        free = np.flatnonzero((poor.primary == -1) & (poor.cards > 0))
        if k == np.argsort(first)[-1]:
            poor.primary[free] = k
        else:
            chosen = choose(poor, _by_leaning(poor, free, int(k), land, rng), int(first[k]))
            poor.primary[chosen] = k
    for k in range(len(wanted)):
        poor.dimensions[:, k] = poor.primary == k
    for k in np.argsort(second):
        able = np.flatnonzero((poor.cards > 0) & ~poor.dimensions[:, k])
        chosen = choose(poor, _by_leaning(poor, able, int(k), land, rng), int(second[k]))
        poor.dimensions[chosen, k] = True
    # Households without a card are in no published count of dimensions; they fail like the others.
    rest = np.flatnonzero(poor.cards == 0)
    chances = np.exp(0.8 * land.leaning[poor.village[rest]]) * np.maximum(wanted, 0.002 * t.target)
    chances = np.cumsum(chances / chances.sum(axis=1, keepdims=True), axis=1)
    poor.primary[rest] = np.minimum((rng.random((len(rest), 1)) > chances).sum(axis=1), len(DIMENSIONS) - 1)
    poor.dimensions[rest, poor.primary[rest]] = True
    again = rest[rng.random(len(rest)) < 0.12]
    poor.dimensions[again, rng.integers(0, len(DIMENSIONS) - 1, len(again))] = True


def _by_leaning(poor: Homes, among: Ints, k: int, land: Land, rng: np.random.Generator) -> Ints:
    wish = land.leaning[poor.village[among], k] + rng.gumbel(size=len(among))
    # Some households of a single card stand ready at the end: they are what makes any sum exact.
    single = rng.permutation(np.flatnonzero(poor.cards[among] == 1))
    last = np.zeros(len(among), dtype=bool)
    last[single[: max(4, len(single) // 4)]] = True
    found: Ints = among[np.lexsort((-wish, last))]
    return found


def _choose_indicators(poor: Homes, rng: np.random.Generator) -> None:
    """Failing indicators of each failed dimension, such that the household has the members they speak of."""
    count = len(poor)
    failing = np.zeros((count, len(DEPRIVATIONS)), dtype=bool)
    for k in range(len(DIMENSIONS)):
        mine = np.flatnonzero(np.equal(_DIMENSION_OF, k))
        rates = np.array([_FREQUENCY[DEPRIVATIONS[i]] for i in mine])
        here = np.flatnonzero(poor.dimensions[:, k])
        main = mine[np.searchsorted(np.cumsum(rates / rates.sum())[:-1], rng.random(len(here)))]
        failing[here, main] = True
        extra = rng.random((len(here), len(mine))) < _SECOND * rates
        failing[np.ix_(here, mine)] |= extra
    column = {number: i for i, number in enumerate(DEPRIVATIONS)}

    def instead(where: Bools, numbers: tuple[str, ...], other: str) -> None:
        """Let `other` fail where one of `numbers` would, but cannot."""
        for number in numbers:
            moved = where & failing[:, column[number]]
            failing[moved, column[number]] = False
            failing[moved, column[other]] = True

    # As many members must be grown up as hold cards, one in any case; the others may be the children an indicator needs.
    room = poor.size - np.maximum(poor.cards, 1)
    for number, other in (("01", "04"), ("15", "19"), ("17", "16")):
        instead(room - _children(failing) < 0, (number,), other)
    instead(room - _children(failing) < 0, ("16",), "19")
    # Somebody of working age, and somebody old, both grown up: one member alone cannot be both.
    alone = poor.size - _children(failing) < 2
    working = alone & failing[:, [column["19"], column["20"], column["28"]]].any(axis=1)
    instead(working, ("21",), "22")
    instead(working, ("27",), "28")
    poor.failing = (failing @ (1 << np.arange(len(DEPRIVATIONS)))).astype(np.uint32)


def _children(failing: Bools) -> Ints:
    """How many children the failures of each household need."""
    at = [DEPRIVATIONS.index(n) for n in ("01", "15", "16", "17")]
    found: Ints = failing[:, at].sum(axis=1).astype(np.int64)
    return found
