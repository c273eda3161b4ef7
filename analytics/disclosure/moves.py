"""Hide what is missing for good, and have the proof with it: whole-numbered moves between tables.

A *move* is a set of counts and by how much each changes, such that every statement the attacker knows stays true:
five persons more in one subdistrict, five fewer in its neighbour, the district as it was. If all counts a move
touches are hidden, the truth and the truth with the move made are two tables the attacker cannot tell apart, and a
count the move changes by the minimum is safe from anybody, whatever his method. So counts are hidden by looking,
for each that needs a move, for the cheapest one: counts already hidden move freely, shown ones cost what it costs
to hide them. Nothing hidden later can spoil a move found before.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Final

import numpy as np

from analytics.disclosure.system import Bools, Floats, Ints, System, depths

_PRICE_OF_DEPTH: Final = 20.0
"""A district's count is worth that many subdistricts', a province's that many districts'."""

_FREE: Final = 0.02
"""Price of moving a count that is hidden anyway: few moves before many."""

_OPEN: Final = 0.5
"""Price of a statement that does not hold yet, so that moves near their end are looked at first."""

_PARTLY: Final = 0.3
"""Price of each person by which a step falls short of what a statement needs."""

_WIDTH: Final = 6
"""Ways to mend one statement that are followed up."""

_BEAM: Final = 4
"""Unfinished moves of one length that are followed up."""

_LENGTH: Final = 60
"""Steps of a move at most."""


@dataclass(frozen=True, slots=True)
class Move:
    """Counts, by position in the system, and by how much each changes."""

    cells: Ints
    steps: Ints


class Mover:
    """Looks for moves over the statements of a system, and hides what they need.

    Parameters
    ----------
    system : System
    hidden : array of bool, shape (cells,)
        Counts not shown; those a move needs are added.
    seen : tuple of array, shape (cells,)
        Range of every count over the tables found so far; widened.
    minimum : int
    fixed : array of bool, shape (cells,)
        Counts that are shown whatever happens.

    Attributes
    ----------
    moves : list of Move
        The proofs, in the order found.
    """

    def __init__(
        self, system: System, hidden: Bools, seen: tuple[Floats, Floats], minimum: int, fixed: Bools
    ) -> None:
        self.system, self.hidden, self.seen, self.minimum = system, hidden, seen, minimum
        self.moves: list[Move] = []
        rows = system.rows
        self._fixed = fixed
        self._full = np.where(fixed, np.inf, prices(system))
        # Lists, not arrays: what follows looks at single counts, millions of times.
        self._truth: list[int] = np.rint(system.truth).astype(np.int64).tolist()
        self._equal: list[bool] = rows.equal.tolist()
        activity = np.bincount(rows.row, rows.coef * system.truth[rows.col], len(rows.b))
        self._room: list[int] = np.rint(rows.b - activity).astype(np.int64).tolist()
        self._rows = _Lists(rows.col, rows.coef, rows.starts)
        order, starts, cells = rows.by_cell
        self._cells = _Lists(rows.row[order], rows.coef[order], _dense(starts, cells, rows.cells, len(order)))
        self._price: list[float] = []
        self._floor = floors(system, hidden)
        self.refresh(zeros=False)

    def refresh(self, *, zeros: bool, power: float = 1.0) -> None:
        """Take in what was hidden elsewhere, and say what may be hidden from now on.

        Parameters
        ----------
        zeros : bool
            Whether zeros may be hidden, too. A hidden count may then be zero, which leaves far more room.
        power : float
            Below 1, counts of the upper areas become cheaper beside those of the lower ones.
        """
        price = self._full**power
        if zeros:
            self._floor = (0, self._floor[1])
        else:
            price = np.where(self.system.truth > 0, price, np.inf)
        open_cells = self.hidden & ~self._fixed & ~self.system.remembered
        self._price = np.where(open_cells, _FREE, price).tolist()

    def cover(self, cells: Ints) -> Ints:
        """Find a move for each of some counts; return those for which none was found."""
        left = []
        low, high = self.seen
        for cell in cells.tolist():
            if high[cell] - low[cell] < self.minimum and not self._cover_one(cell):
                left.append(cell)
        return np.array(left, dtype=np.int64)

    def hide_zero(self, cell: int) -> bool:
        """Hide a zero if a move can be found for it; otherwise leave it shown."""
        if self.hidden[cell] or self._price[cell] == np.inf:
            return bool(self.hidden[cell])
        before = self._price[cell]
        self.hidden[cell], self._price[cell] = True, _FREE
        if self._cover_one(cell):
            return True
        self.hidden[cell], self._price[cell] = False, before
        return False

    def _cover_one(self, cell: int) -> bool:
        best: tuple[float, dict[int, int]] | None = None
        for goal in (self.seen[0][cell] + self.minimum, self.seen[1][cell] - self.minimum):
            step = int(goal) - self._truth[cell]
            if goal < self._least(cell) or step == 0:
                continue
            best = self._search(cell, step, np.inf if best is None else best[0]) or best
            if best is not None and best[0] < 1.0:
                break  # only hidden counts move: nothing cheaper can be found the other way
        if best is None:
            return False
        self._take(best[1])
        return True

    def _least(self, cell: int) -> int:
        return self._floor[cell >= self.system.present]

    def _take(self, steps: dict[int, int]) -> None:
        cells = np.fromiter(steps, dtype=np.int64, count=len(steps))
        moved = np.fromiter(steps.values(), dtype=np.int64, count=len(steps))
        self.moves.append(Move(cells, moved))
        self.hidden[cells] = True
        for cell, step in steps.items():
            self._price[cell] = _FREE
            after = self._truth[cell] + step
            self.seen[0][cell] = min(self.seen[0][cell], after)
            self.seen[1][cell] = max(self.seen[1][cell], after)

    def _search(self, cell: int, step: int, bound: float) -> tuple[float, dict[int, int]] | None:
        """Find a cheap move that changes a count by `step`, cheaper than `bound`."""
        start = _Draft({}, {}, {}).with_step(self, cell, step)
        if not start.broken:
            return 0.0, start.steps
        beam = [(0.0, 0.0, 0, start)]
        best: dict[int, int] | None = None
        for _ in range(_LENGTH):
            ahead: list[tuple[float, float, int, _Draft]] = []
            known = set()
            for _, paid, _, draft in beam:
                for price, other, by in self._mend(draft):
                    cost = paid + price
                    if cost >= bound:
                        continue
                    more = draft.with_step(self, other, by)
                    if not more.broken:
                        best, bound = more.steps, cost
                        continue
                    key = frozenset(more.steps.items())
                    if key not in known:
                        known.add(key)
                        ahead.append((cost + _OPEN * len(more.broken), cost, len(ahead), more))
            if not ahead:
                break
            beam = heapq.nsmallest(_BEAM, ahead)
        return None if best is None else (bound, best)

    def _mend(self, draft: _Draft) -> list[tuple[float, int, int]]:
        """Return the best ways to mend the statement that leaves the least choice: price, count, step."""
        fewest: list[tuple[float, int, int]] | None = None
        for row, need in draft.broken.items():
            offers = self._offers(row, need, draft.steps)
            if fewest is None or len(offers) < len(fewest):
                fewest = offers
                if not offers:
                    return []
        assert fewest is not None
        return heapq.nsmallest(_WIDTH, fewest)

    def _offers(self, row: int, need: int, steps: dict[int, int]) -> list[tuple[float, int, int]]:
        offers = []
        equal = self._equal[row]
        for cell, coef in self._rows[row]:
            price = self._price[cell]
            if price == np.inf:
                continue
            by, rest = divmod(need, coef)
            if rest:
                if equal:
                    continue
                by += coef < 0
            has = steps.get(cell, 0)
            if has:
                if (has > 0) != (by > 0):
                    continue
                price = 0.0
            if by < 0:
                most = self._truth[cell] + has - self._least(cell)
                if most <= 0:
                    continue
                if -by > most:
                    # Several small ones can do what one cannot; the fewer the better.
                    price += _PARTLY * (-by - most)
                    by = -most
            offers.append((price, cell, by))
        return offers


def prices(system: System) -> Floats:
    """Return what it costs to hide each count: more for larger ones, far more for those of upper areas."""
    depth = depths(system.above)
    deep = np.where(system.area >= 0, depth[system.area], 0)
    price = (1.0 + np.log1p(system.truth) / 10.0) * _PRICE_OF_DEPTH ** (int(depth.max(initial=0)) - deep)
    price[system.remembered] = np.inf
    price[system.present :] = np.inf
    return np.asarray(price, dtype=np.float64)


def floors(system: System, hidden: Bools) -> tuple[int, int]:
    """Return the least a hidden count may be, of the present table and of the former one.

    A zero may be shown, so an attacker takes a hidden count for at least 1 -- unless zeros are hidden, too.
    """
    zero = hidden & (system.truth == 0)
    return int(not zero[: system.present].any()), int(not zero[system.present :].any())


@dataclass(frozen=True, slots=True)
class _Draft:
    """An unfinished move: its steps, how much each statement's sum changes, and which no longer hold by how much."""

    steps: dict[int, int]
    changes: dict[int, int]
    broken: dict[int, int]

    def with_step(self, mover: Mover, cell: int, by: int) -> _Draft:
        steps, changes, broken = self.steps.copy(), self.changes.copy(), self.broken.copy()
        steps[cell] = steps.get(cell, 0) + by
        for row, coef in mover._cells[cell]:
            change = changes[row] = changes.get(row, 0) + coef * by
            off = change if mover._equal[row] else max(change - mover._room[row], 0)
            if off:
                broken[row] = -off
            else:
                broken.pop(row, None)
        return _Draft(steps, changes, broken)


class _Lists:
    """Rows of (number, coefficient), cut out of arrays when first asked for."""

    def __init__(self, numbers: Ints, coefs: Floats, starts: Ints) -> None:
        self._numbers, self._coefs = numbers, coefs
        self._bounds = np.append(starts, len(numbers))
        self._known: dict[int, list[tuple[int, int]]] = {}

    def __getitem__(self, at: int) -> list[tuple[int, int]]:
        known = self._known.get(at)
        if known is None:
            part = slice(self._bounds[at], self._bounds[at + 1])
            known = list(zip(self._numbers[part].tolist(), map(int, self._coefs[part].tolist()), strict=True))
            self._known[at] = known
        return known


def _dense(starts: Ints, cells: Ints, size: int, end: int) -> Ints:
    """Return where each of all cells begins, those in no row included."""
    lengths = np.zeros(size, dtype=np.int64)
    lengths[cells] = np.diff(np.append(starts, end))
    return (np.cumsum(lengths) - lengths).astype(np.int64)
