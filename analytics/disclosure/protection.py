"""Hide small counts, and as few others as keep them hidden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from analytics.disclosure.attack import AuditResult, Knowledge, know, search_all, settle, solve, verdict
from analytics.disclosure.mending import mend
from analytics.disclosure.structure import Structure
from analytics.disclosure.system import Bools, Floats, Ints, Snapshot, System, build, flags

_ROUNDS: Final = 400
"""Rounds of hiding; every round hides something, real tables take a few dozen."""

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
    seed: int = 0,
) -> Protected:
    """Choose what to hide, and try it.

    Parameters
    ----------
    table, tree, structure, minimum, previous, seed
        As for :func:`audit`.
    keep : DataFrame of bool, optional
        Cells to hide in any case, such as those of a lower minimum, so that a higher one shows no more.

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
    primary = find_primary(table, structure, minimum).to_numpy(dtype=bool).ravel()[system.place]
    hidden = np.zeros(len(system.truth), dtype=bool)
    hidden[: system.present] = primary
    if keep is not None:
        wanted = keep.reindex(index=table.index, columns=table.columns, fill_value=False).to_numpy(dtype=bool)
        hidden[: system.present] |= wanted.ravel()[system.place]
    # What was hidden stays hidden: showing it now would show what it was, less what its total changed by.
    hidden |= system.was_hidden
    chooser = _Chooser(system)
    seen = (system.truth.copy(), system.truth.copy())
    known = know(system, hidden & ~system.remembered, minimum)
    for number in range(_ROUNDS):
        if known.narrow.any():
            more = chooser.choose(known, known.narrow, hidden)
            if not len(more):
                raise DisclosureError(
                    f"{int(known.narrow.sum())} counts stay within {minimum} of the truth whatever else is hidden"
                )
            hidden[more] = True
        else:
            # Nothing is plainly narrow: only now are witnesses worth their price.
            search_all(system, known, seed + number)
            if not known.undecided.any():
                break
            seen[0][known.cells], seen[1][known.cells] = known.seen_low, known.seen_high
            shown = int((~hidden).sum())
            mend(system, known, hidden, seen)
            if shown == int((~hidden).sum()):
                # Nothing near helps, or all is well but far from the truth: ask exactly, then hide what is next.
                known.seen_low, known.seen_high = seen[0][known.cells], seen[1][known.cells]
                solve(known, _EXACT)
                seen[0][known.cells], seen[1][known.cells] = known.seen_low, known.seen_high
                weak = known.narrow | known.undecided
                if not weak.any():
                    break
                more = chooser.choose(known, weak, hidden)
                if not len(more):
                    raise DisclosureError(f"{int(weak.sum())} counts stay too plain whatever else is hidden")
                hidden[more] = True
        known = know(system, hidden & ~system.remembered, minimum, seen)
    else:
        raise DisclosureError(f"not settled after {_ROUNDS} rounds")
    result = verdict(system, known, table)
    shown_before = system.remembered[: system.present] & hidden[: system.present]
    full = np.zeros(len(system.truth), dtype=bool)
    full[: system.present] = primary
    hidden_table = flags(system, hidden, table)
    primary_table = flags(system, full, table)
    secondary = hidden_table & ~primary_table
    already = flags(system, np.r_[shown_before, np.zeros(len(full) - system.present, dtype=bool)], table)
    report = _report(table, primary_table, secondary, tree)
    return Protected(hidden_table, primary_table, secondary, already, report, result)


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

    def __init__(self, system: System) -> None:
        self.system = system
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
        may_hide = ~hidden & ~system.remembered & (system.truth > 0)
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
