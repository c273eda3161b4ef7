"""Hide small counts, and as few others as keep them hidden."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from analytics.disclosure.attack import (
    AuditResult,
    Knowledge,
    believe,
    know,
    search_all,
    settle,
    solve,
    verdict,
)
from analytics.disclosure.mending import mend
from analytics.disclosure.moves import Move, Mover, floors
from analytics.disclosure.structure import Structure
from analytics.disclosure.system import Bools, Floats, Ints, Snapshot, System, build, depths, flags

_SECONDS: Final = 1800.0
"""After this long a table counts as one that cannot be protected: whoever waits for the import has to be told."""

_ROUNDS: Final = 400
"""Rounds of mending; every round hides something, real tables take a handful."""

_PASSES: Final = ((False, 1.0), (False, 1.0), (True, 1.0), (True, 0.5), (True, 0.5))
"""Looking for moves: whether zeros may be hidden, and the power prices are taken to."""

_DECOYS: Final = 3
"""Zeros tried in a group of siblings before it goes without a hidden one."""

_EXACT: Final = 50
"""Cells solved exactly before more is hidden for them."""

_PARENT: Final = 1e9
"""Price of hiding a parent for the sake of its children, above any count of persons here."""


class DisclosureError(ValueError):
    """A table cannot be protected: even hiding all that may be hidden leaves a count too plain."""


@dataclass(frozen=True)
class Protected:
    """What may be shown.

    Attributes
    ----------
    hidden : DataFrame of bool
        In the shape of the table; ``primary`` or ``secondary``, or hidden by the snapshot before.
    primary : DataFrame of bool
        Counts of 1 to minimum - 1, and groups all of whose members are counted.
    secondary : DataFrame of bool
        Counts hidden for the sake of others.
    already_public : DataFrame of bool
        Primary cells that the snapshot before showed unchanged: hidden now, but known to whoever kept it.
    report : DataFrame
        One row a level and indicator: ``cells``, ``primary``, ``secondary``.
    audit : AuditResult
        The attacker's last word on what is shown.
    """

    hidden: pd.DataFrame
    primary: pd.DataFrame
    secondary: pd.DataFrame
    already_public: pd.DataFrame
    report: pd.DataFrame
    audit: AuditResult


def find_primary(table: pd.DataFrame, structure: Structure, minimum: int) -> pd.DataFrame:
    """Return which counts are too small to show, or say the same of every member of a group."""
    primary = (table > 0) & (table < minimum)
    for part, whole in structure.within([str(c) for c in table.columns]).groups:
        everybody = (table[part] == table[whole]) & (table[part] > 0)
        primary[part] |= everybody
        primary[whole] |= everybody
    return primary


def audit(
    table: pd.DataFrame,
    hidden: pd.DataFrame,
    tree: Mapping[str, str | None],
    structure: Structure,
    minimum: int = 5,
    previous: Snapshot | None = None,
    *,
    seed: int = 0,
    exact_limit: int = 2000,
) -> AuditResult:
    """Attack a table of which some cells are hidden.

    Parameters
    ----------
    table : DataFrame
        True counts, one row an area (index: its code), one column a count, NaN where there is no data.
    hidden : DataFrame of bool
        The same shape; what a reader cannot see.
    tree : mapping of str to str or None
        Code of an area to the code of its parent.
    structure : Structure
    minimum : int
        An interval must span at least this much.
    previous : Snapshot, optional
        What the snapshot before showed of the same source and year.
    seed : int
        Of the search for witnesses; it changes how long the audit takes, not what it finds.
    exact_limit : int
        Cells solved by integer programming at most; more are counted as undecided.

    Returns
    -------
    AuditResult
    """
    _check(table, minimum)
    system = build(table, tree, structure, previous)
    known = settle(system, _open(system, hidden, table), minimum, exact=0, seed=seed)
    before = int(known.narrow.sum())
    solve(known, exact_limit)
    return verdict(system, known, table, int(known.narrow.sum()) - before)


def protect(
    table: pd.DataFrame,
    tree: Mapping[str, str | None],
    structure: Structure,
    minimum: int = 5,
    previous: Snapshot | None = None,
    *,
    keep: pd.DataFrame | None = None,
    fixed: pd.DataFrame | None = None,
    seed: int = 0,
) -> Protected:
    """Choose what to hide, and try it.

    Parameters
    ----------
    table, tree, structure, minimum, previous, seed
        As for :func:`audit`.
    keep : DataFrame of bool, optional
        Cells to hide in any case, such as those of a lower minimum, so that a higher one shows no more.
    fixed : DataFrame of bool, optional
        Cells that are shown whatever they hold, because their owner has published them.

    Returns
    -------
    Protected

    Raises
    ------
    DisclosureError
        When hiding more helps no further.
    """
    _check(table, minimum)
    system = build(table, tree, structure, previous)
    shown = _lay(system, fixed, table)
    primary = find_primary(table, structure, minimum).to_numpy(dtype=bool).ravel()[system.place]
    hidden = _lay(system, keep, table)
    hidden[: system.present] |= primary
    hidden &= ~shown
    # What was hidden stays hidden: showing it now would show what it was, less what its total changed by.
    hidden |= system.was_hidden & ~shown
    for zeros in (True, False):
        chosen = hidden.copy()
        moves = _choose(system, chosen, shown, minimum, seed, zeros=zeros)
        if not zeros or floors(system, chosen)[0] == 0 or not _needs_zero(system, moves):
            break
        # A move may not rest on a hidden zero where none could be hidden: choose again without.
    open_cells = chosen & ~system.remembered
    known = know(system, open_cells, minimum, believe(system, open_cells, moves))
    search_all(system, known, seed)
    before = int(known.narrow.sum())
    solve(known, _EXACT)
    result = verdict(system, known, table, int(known.narrow.sum()) - before)
    if not result.ok:
        raise DisclosureError(f"the attacker found {result.exact + result.narrow + result.undecided} counts")
    hidden = chosen
    shown_before = system.remembered[: system.present] & hidden[: system.present]
    full = np.zeros(len(system.truth), dtype=bool)
    full[: system.present] = primary
    hidden_table = flags(system, hidden, table)
    primary_table = flags(system, full, table)
    secondary = hidden_table & ~primary_table
    already = flags(system, np.r_[shown_before, np.zeros(len(full) - system.present, dtype=bool)], table)
    report = _report(table, primary_table, secondary, tree)
    return Protected(hidden_table, primary_table, secondary, already, report, result)


def _lay(system: System, mask: pd.DataFrame | None, table: pd.DataFrame) -> Bools:
    """Lay a table of flags out over the cells of a system."""
    flat = np.zeros(len(system.truth), dtype=bool)
    if mask is not None:
        full = mask.reindex(index=table.index, columns=table.columns, fill_value=False)
        flat[: system.present] = full.to_numpy(dtype=bool).ravel()[system.place]
    return flat


def _choose(
    system: System, hidden: Bools, fixed: Bools, minimum: int, seed: int, *, zeros: bool
) -> list[Move]:
    """Hide cells until each hidden one has a move; return the moves."""
    low, high = system.truth.copy(), system.truth.copy()

    def weak() -> Ints:
        open_cells = hidden & ~system.remembered & (high - low < minimum)
        cells = np.flatnonzero(open_cells).astype(np.int64)
        # From below: what a subdistrict needs may serve its district as well.
        depth = depths(system.above)
        deep = np.where(system.area[cells] >= 0, depth[system.area[cells]], 0)
        return cells[np.argsort(-deep, kind="stable")]

    mover = Mover(system, hidden, (low, high), minimum, fixed)
    passes = [p for p in _PASSES if zeros or not p[0]]
    for with_zeros, power in passes:
        todo = weak()
        if not len(todo):
            break
        mover.refresh(zeros=with_zeros, power=power)
        mover.cover(todo)
    _hide_zeros(system, mover, seed)
    deadline = time.monotonic() + _SECONDS
    for _ in range(_ROUNDS):
        todo = weak()
        if not len(todo):
            return mover.moves
        if time.monotonic() > deadline:
            raise DisclosureError(f"{len(todo)} counts are not settled after {_SECONDS:.0f} seconds")
        count, had = int(hidden.sum()), len(todo)
        mover.moves += mend(system, todo, hidden, (low, high), minimum, fixed)
        mover.refresh(zeros=passes[-1][0], power=passes[-1][1])
        mover.cover(weak())
        _hide_zeros(system, mover, seed)
        todo = weak()
        if count == int(hidden.sum()) and len(todo) >= had:
            # Nothing near helps: ask exactly, then hide what the rows point at.
            known = know(system, hidden & ~system.remembered, minimum, (low, high))
            solve(known, _EXACT)
            low[known.cells], high[known.cells] = known.seen_low, known.seen_high
            found = known.narrow | known.undecided
            if not found.any():
                return mover.moves
            more = _Chooser(system, fixed).choose(known, found, hidden)
            if not len(more):
                raise DisclosureError(
                    f"{int(found.sum())} counts stay within {minimum} of the truth whatever else is hidden"
                )
            hidden[more] = True
            mover.refresh(zeros=passes[-1][0], power=passes[-1][1])
    raise DisclosureError(f"not settled after {_ROUNDS} rounds")


def _needs_zero(system: System, moves: list[Move]) -> bool:
    return any(
        (
            (system.truth[m.cells] + m.steps == 0) & (system.truth[m.cells] > 0) & (m.cells < system.present)
        ).any()
        for m in moves
    )


def _hide_zeros(system: System, mover: Mover, seed: int) -> None:
    """Hide a zero beside each count that a move takes to zero, so that a hidden count may truly be zero."""
    taken = [
        m.cells[(system.truth[m.cells] + m.steps == 0) & (system.truth[m.cells] > 0)] for m in mover.moves
    ]
    cells = np.unique(np.concatenate(taken)) if taken else np.zeros(0, dtype=np.int64)
    cells = cells[cells < system.present]
    if not len(cells):
        return
    width = int(system.width)
    above = np.append(system.above, -1)
    group = np.where(system.area >= 0, above[system.area], -1)[: system.present] * width + (
        system.place % width
    )
    zero = system.truth[: system.present] == 0
    needed = np.setdiff1d(group[cells], group[zero & mover.hidden[: system.present]])
    offered = np.flatnonzero(zero & np.isin(group, needed))
    offered = np.random.default_rng(seed).permutation(offered)
    tried: dict[int, int] = {}
    for cell in offered.tolist():
        number = tried.get(int(group[cell]), 0)
        if number < _DECOYS:
            tried[int(group[cell])] = _DECOYS if mover.hide_zero(cell) else number + 1


def _check(table: pd.DataFrame, minimum: int) -> None:
    if minimum < 2:
        raise ValueError("a minimum below 2 hides nothing")
    if not table.index.is_unique or not table.columns.is_unique:
        raise ValueError("areas and indicators must be unique")


def _open(system: System, hidden: pd.DataFrame, table: pd.DataFrame) -> Bools:
    now = hidden.reindex(index=table.index, columns=table.columns).to_numpy(dtype=bool).ravel()
    open_cells = system.was_hidden.copy()
    open_cells[: system.present] = now[system.place]
    return open_cells & ~system.remembered


class _Chooser:
    """Finds, for cells that are too plain, the cheapest further cell to hide."""

    def __init__(self, system: System, fixed: Bools) -> None:
        self.system, self.fixed = system, fixed
        rows = system.rows
        self.ends = np.append(rows.starts[1:], len(rows.col))
        self.order = rows.by_cell[0]
        self.cell_start = np.zeros(rows.cells + 1, dtype=np.int64)
        counts = np.bincount(rows.col, minlength=rows.cells)
        self.cell_start[1:] = np.cumsum(counts)

    def choose(self, known: Knowledge, weak: Bools, hidden: Bools) -> Ints:
        """Return cells to hide: at most one for each row that makes a weak cell plain."""
        system, rows = self.system, self.system.rows
        low, high = system.truth.copy(), system.truth.copy()
        low[known.cells], high[known.cells] = known.low, known.high
        is_weak = np.zeros(rows.cells, dtype=bool)
        is_weak[known.cells[weak]] = True
        need = np.zeros(rows.cells)
        need[known.cells] = known.minimum - (known.high - known.low)
        may_hide = ~hidden & ~system.remembered & ~self.fixed & (system.truth > 0)
        may_hide[system.present :] = False
        # Rows that give a weak cell the bounds it has.
        lower, upper = rows.limits(low, high)
        at_low = (lower >= low[rows.col]) & (low[rows.col] > 0)
        at_high = upper <= high[rows.col]
        binding = is_weak[rows.col] & (at_low | at_high)
        chosen = self._pick(np.flatnonzero(binding), need, may_hide)
        covered = np.zeros(rows.cells, dtype=bool)
        covered[chosen[1]] = True
        picked = set(chosen[0].tolist())
        # A weak cell none of whose binding rows offers anything: look further along the rows it hangs on.
        for cell in np.flatnonzero(is_weak & ~covered):
            more = self._explore(int(cell), may_hide, hidden, picked)
            if more is not None:
                picked.add(more)
        return np.array(sorted(picked), dtype=np.int64)

    def _pick(self, entries: Ints, need: Floats, may_hide: Bools) -> tuple[Ints, Ints]:
        """Return the best cell for each row, each weak cell using one row only, and the cells so served."""
        rows, truth = self.system.rows, self.system.truth
        row, cell = rows.row[entries], rows.col[entries]
        wanted = np.zeros(len(rows.b))
        np.maximum.at(wanted, row, need[cell])
        used = np.zeros(len(rows.b), dtype=bool)
        used[row] = True
        offers = np.flatnonzero(used[rows.row] & may_hide[rows.col])
        if not len(offers):
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        cost = self._cost(offers) + 1e6 * (truth[rows.col[offers]] - 1 < wanted[rows.row[offers]])
        order = np.lexsort((rows.col[offers], cost, rows.row[offers]))
        first = order[np.r_[True, np.diff(rows.row[offers][order]) > 0]]
        best_cost = np.full(len(rows.b), np.inf)
        best = np.full(len(rows.b), -1, dtype=np.int64)
        best_cost[rows.row[offers[first]]] = cost[first]
        best[rows.row[offers[first]]] = rows.col[offers[first]]
        # Each weak cell is served by the cheapest of its rows.
        usable = np.isfinite(best_cost[row])
        row, cell = row[usable], cell[usable]
        order = np.lexsort((row, best_cost[row], cell))
        keep = order[np.r_[True, np.diff(cell[order]) > 0]] if len(order) else order
        return np.unique(best[row[keep]]), np.unique(cell)

    def _cost(self, entries: Ints) -> Floats:
        """Return the price of hiding each entry's cell: its size, and far more where it stands above others."""
        rows, truth = self.system.rows, self.system.truth
        return truth[rows.col[entries]] + _PARENT * self.system.parent_entry[entries]

    def _rows_of(self, cell: int) -> Ints:
        entries = self.order[self.cell_start[cell] : self.cell_start[cell + 1]]
        return self.system.rows.row[entries]

    def _explore(self, cell: int, may_hide: Bools, hidden: Bools, picked: set[int]) -> int | None:
        """Walk from a cell over rows and hidden cells to the nearest one that may be hidden."""
        rows = self.system.rows
        seen, front = {cell}, [cell]
        while front:
            offers: list[tuple[float, int]] = []
            following: list[int] = []
            for here in front:
                for row in self._rows_of(here).tolist():
                    entries = np.arange(rows.starts[row], self.ends[row])
                    price = self._cost(entries)
                    for entry, other_price in zip(entries.tolist(), price.tolist(), strict=True):
                        other = int(rows.col[entry])
                        if other in picked:
                            return None  # something near is being hidden this round; look again after it
                        if may_hide[other]:
                            offers.append((other_price, other))
                        elif hidden[other] and other not in seen:
                            seen.add(other)
                            following.append(other)
            if offers:
                return min(offers)[1]
            front = following
        return None


def _report(
    table: pd.DataFrame, primary: pd.DataFrame, secondary: pd.DataFrame, tree: Mapping[str, str | None]
) -> pd.DataFrame:
    codes = [str(code) for code in table.index]
    have = set(codes)

    def depth(code: str) -> int:
        up = tree.get(code)
        return 0 if up is None or up not in have else 1 + depth(up)

    level = pd.Index([depth(code) for code in codes], name="depth")
    parts = {
        name: frame.groupby(level).sum().stack()
        for name, frame in (("cells", table.notna()), ("primary", primary), ("secondary", secondary))
    }
    report = pd.DataFrame(parts).astype("int64")
    report.index.names = ["depth", "indicator"]
    return report.reset_index()
