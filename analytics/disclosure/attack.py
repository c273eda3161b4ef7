"""The attacker: how much of each hidden cell follows from all that is shown.

Three steps, each sound for itself. Propagation of bounds finds most leaks: an interval it makes narrow *is*
narrow. Witnesses clear most cells: two whole tables that agree with everything shown and differ in a cell by
the minimum prove that nobody can narrow it further, so no attacker, linear or integer, has to be run for it.
What neither step decides is solved exactly, as an integer programme over all cells tied to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from analytics.disclosure.moves import Move, floors
from analytics.disclosure.system import FAR, Bools, Floats, Ints, Rows, System, depths, propagate

_BATCH: Final = 600
"""Cells of one linear programme: smaller ones cost calls, larger ones cost pivots."""

_ROUNDS: Final = 30
"""Whole tables asked for each piece at most; four without progress end it sooner."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One cell an attacker gets too close to: its area and count, the interval, and the true number."""

    area: str
    indicator: str
    low: float
    high: float
    truth: float
    former: bool = False


@dataclass(frozen=True)
class AuditResult:
    """What the attacker found.

    Attributes
    ----------
    checked : int
        Hidden cells tried.
    exact, narrow : int
        Cells recovered, and cells whose interval is narrower than the minimum (without the exact ones).
    undecided : int
        Cells for which the exact programme ran out of its limits. They count as leaks.
    by_propagation, by_witness, by_programme : int
        Which step settled how many.
    details : tuple of Finding
        The exact, the narrow and the undecided ones.
    """

    checked: int
    exact: int
    narrow: int
    undecided: int
    by_propagation: int
    by_witness: int
    by_programme: int
    details: tuple[Finding, ...] = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not (self.exact or self.narrow or self.undecided)


@dataclass
class Knowledge:
    """The attacker's problem over the open cells, and what is known of each so far.

    Attributes
    ----------
    cells : array of int
        Which cells of the system are open.
    rows : Rows
        Over the open cells only.
    truth, low, high : array
        True values and bounds by propagation.
    seen_low, seen_high : array
        Range over the witnesses found so far.
    """

    cells: Ints
    rows: Rows
    truth: Floats
    low: Floats
    high: Floats
    seen_low: Floats
    seen_high: Floats
    minimum: int

    @property
    def narrow(self) -> Bools:
        """Open cells whose interval is surely narrower than the minimum."""
        return self.high - self.low < self.minimum

    @property
    def undecided(self) -> Bools:
        """Open cells that no step has settled."""
        return ~self.narrow & (self.seen_high - self.seen_low < self.minimum)


def know(
    system: System, open_cells: Bools, minimum: int, seen: tuple[Floats, Floats] | None = None
) -> Knowledge:
    """Set the attacker's problem up and propagate its bounds.

    Parameters
    ----------
    system : System
    open_cells : array of bool
    minimum : int
    seen : tuple of array, optional
        Ranges over witnesses found while fewer cells were open: they agree with everything still shown.
    """
    floor = _floor_of_each(system, open_cells)
    cells = np.flatnonzero(open_cells).astype(np.int64)
    rows = system.rows.restrict(open_cells, system.truth)
    truth = system.truth[cells]
    low, high = propagate(rows, floor[cells], np.full(len(cells), FAR))
    if len(rows.col):
        # A row that the bounds imply already tells nothing and would only tie cells together.
        rows = rows.keep(rows.equal | (rows.activity(low, high)[1] > rows.b))
    seen_low, seen_high = (truth, truth) if seen is None else (seen[0][cells], seen[1][cells])
    return Knowledge(cells, rows, truth, low, high, seen_low.copy(), seen_high.copy(), minimum)


def _floor_of_each(system: System, open_cells: Bools) -> Floats:
    present, former = floors(system, open_cells)
    floor = np.full(len(system.truth), float(former))
    floor[: system.present] = present
    return floor


def believe(system: System, open_cells: Bools, moves: Sequence[Move]) -> tuple[Floats, Floats]:
    """Check moves against every statement, and return the range of each cell over those that hold.

    Whoever found the moves is not trusted: a move that changes a shown cell, takes a cell below its floor or
    breaks a statement is left out.
    """
    low, high = system.truth.copy(), system.truth.copy()
    if not moves:
        return low, high
    rows = system.rows
    cell = np.concatenate([m.cells for m in moves])
    step = np.concatenate([m.steps for m in moves]).astype(np.float64)
    number = np.repeat(np.arange(len(moves)), [len(m.cells) for m in moves])
    after = system.truth[cell] + step
    fits = np.ones(len(moves), dtype=bool)
    fits[number[~open_cells[cell] | (after < _floor_of_each(system, open_cells)[cell])]] = False
    statements = csr_array((rows.coef, (rows.row, rows.col)), shape=(len(rows.b), rows.cells))
    steps = csr_array((step, (cell, number)), shape=(rows.cells, len(moves)))
    room = rows.b - statements @ system.truth
    change = coo_array(statements @ steps)
    at, of = change.coords
    broken = np.where(rows.equal[at], change.data != 0, change.data > room[at])
    fits[of[broken]] = False
    held = fits[number]
    np.minimum.at(low, cell[held], after[held])
    np.maximum.at(high, cell[held], after[held])
    return low, high


def _components(rows: Rows) -> Ints:
    """Return the number of each cell's connected component."""
    graph = coo_array(
        (np.ones(len(rows.col)), (rows.col, rows.row + rows.cells)),
        shape=(rows.cells + len(rows.b), rows.cells + len(rows.b)),
    )
    return np.asarray(connected_components(graph, directed=False)[1][: rows.cells], dtype=np.int64)


def _parts(rows: Rows) -> tuple[csr_array, Bools]:
    shape = (len(rows.b), rows.cells)
    return csr_array((rows.coef, (rows.row, rows.col)), shape=shape), rows.equal


def _table(rows: Rows, low: Floats, high: Floats, objective: Floats, seconds: float) -> Floats | None:
    """Find a whole-numbered table that (nearly) maximises an objective; None where the solver found none."""
    matrix, equal = _parts(rows)
    result = milp(
        -objective, integrality=np.ones(rows.cells), bounds=Bounds(low, high),
        constraints=LinearConstraint(matrix, np.where(equal, rows.b, -np.inf), rows.b),
        # Any table is a proof, the best one is not needed. Nodes first, so that a busy machine finds the same.
        options={"mip_rel_gap": 0.1, "node_limit": 500, "time_limit": seconds},
    )  # fmt: skip
    if result.x is None:
        return None
    table = np.round(result.x)
    activity = np.asarray(matrix @ table)
    # Believe the proof, not the solver.
    fits = ((activity <= rows.b) & (~equal | (activity == rows.b))).all()
    return table if fits and ((table >= low) & (table <= high)).all() else None


def search(known: Knowledge, rounds: int, seed: int = 0, still: Bools | None = None, reach: int = 1) -> None:
    """Look for witnesses near the truth, many cells at a time.

    Cells may move by `reach` times the minimum, which is all a proof needs and makes most inequalities
    slack, so that the problem falls into small pieces.

    Parameters
    ----------
    known : Knowledge
        Its ``seen_low`` and ``seen_high`` are widened.
    rounds : int
        Linear programmes at most for each piece.
    seed : int
        Of the directions tried; the same seed tries the same ones.
    still : array of bool, optional
        Open cells that keep their true value, so that the problem falls into yet smaller pieces.
    reach : int
    """
    if not len(known.cells):
        return
    rng = np.random.default_rng(seed)
    step = float(known.minimum * reach)
    low = np.maximum(known.low, known.truth - step)
    high = np.minimum(known.high, known.truth + step)
    if still is not None:
        low[still] = high[still] = known.truth[still]
    rows = known.rows
    if not len(rows.col):
        known.seen_low, known.seen_high = low, high
        return
    rows = rows.keep(rows.equal | (rows.activity(low, high)[1] > rows.b))
    open_cells = low < high
    rows = rows.restrict(open_cells, known.truth)
    cells = np.flatnonzero(open_cells)
    part = _components(rows)
    todo = known.undecided
    parts_with_work = np.unique(part[todo[cells]])
    # Pack whole components into batches, in order, so that a batch is a problem of its own.
    sizes = np.bincount(part)[parts_with_work]
    batch_of_part = np.full(int(part.max(initial=0)) + 1, -1, dtype=np.int64)
    batch_of_part[parts_with_work] = (np.cumsum(sizes) - sizes) // _BATCH
    batch = batch_of_part[part]
    jobs = []
    order = np.argsort(batch, kind="stable")
    begins = np.searchsorted(batch[order], np.arange(batch.max(initial=-1) + 2))
    row_batch = np.full(len(rows.b), -1, dtype=np.int64)
    row_batch[rows.row] = batch[rows.col]
    entry_order = np.argsort(row_batch[rows.row], kind="stable")
    entry_begins = np.searchsorted(row_batch[rows.row][entry_order], np.arange(batch.max(initial=-1) + 2))
    for number in range(int(batch.max(initial=-1)) + 1):
        mine = np.sort(order[begins[number] : begins[number + 1]])
        entries = np.sort(entry_order[entry_begins[number] : entry_begins[number + 1]])
        if not len(mine):
            continue
        used, row = np.unique(rows.row[entries], return_inverse=True)
        piece = Rows(
            row.astype(np.int64), np.searchsorted(mine, rows.col[entries]).astype(np.int64), rows.coef[entries],
            rows.b[used], rows.equal[used], len(mine),
        )  # fmt: skip
        jobs.append((cells[mine], piece, int(rng.integers(2**31))))

    def work(job: tuple[Ints, Rows, int]) -> None:
        mine, piece, number = job
        dice = np.random.default_rng(number)
        below, above = low[mine], high[mine]
        lows, highs = known.seen_low[mine].copy(), known.seen_high[mine].copy()
        useful = todo[mine]
        idle = 0
        for _ in range(rounds):
            short = useful & (highs - lows < known.minimum)
            if not short.any() or idle >= 4:
                break
            up = np.where(
                lows <= below, 1.0, np.where(highs >= above, -1.0, dice.choice([-1.0, 1.0], len(mine)))
            )
            weight = np.where(short, up * dice.uniform(0.2, 1.0, len(mine)) ** 2, 0.0)
            found = _table(piece, below, above, weight, seconds=60.0)
            if found is None:
                idle += 1
                continue
            better = short & ((found < lows) | (found > highs))
            idle = 0 if better.any() else idle + 1
            np.minimum(lows, found, out=lows)
            np.maximum(highs, found, out=highs)
        known.seen_low[mine], known.seen_high[mine] = lows, highs

    if len(jobs) > 1:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(work, jobs))
    else:
        for job in jobs:
            work(job)


def solve(known: Knowledge, limit: int, seconds: float = 20.0) -> Bools:
    """Settle undecided cells exactly, each by two integer programmes over its whole component.

    Parameters
    ----------
    known : Knowledge
        Bounds and witnesses are brought together where the programmes are solved.
    limit : int
        Cells at most.
    seconds : float
        For one programme.

    Returns
    -------
    array of bool
        Cells that were solved.
    """
    solved = np.zeros(len(known.cells), dtype=bool)
    todo = np.flatnonzero(known.undecided)
    if not len(todo) or not len(known.rows.col):
        return solved
    part = _components(known.rows)
    for cell in todo[:limit]:
        if not known.undecided[cell]:
            continue
        mine = part == part[cell]
        rows = known.rows.restrict(mine, known.truth)
        where = np.flatnonzero(mine)
        at = int(np.searchsorted(where, cell))
        matrix, equal = _parts(rows)
        constraint = LinearConstraint(matrix, np.where(equal, rows.b, -np.inf), rows.b)
        # An unbounded cell would make the programme unbounded too: far enough is enough.
        far = known.truth[mine].sum() + 10.0 * known.minimum * len(where)
        limits = Bounds(known.low[mine], np.minimum(known.high[mine], far))
        ends = []
        for sign in (1.0, -1.0):
            objective = np.zeros(len(where))
            objective[at] = sign
            result = milp(
                objective, integrality=np.ones(len(where)), bounds=limits, constraints=constraint,
                options={"time_limit": seconds},
            )  # fmt: skip
            if result.x is None:
                break
            table = np.round(result.x)
            known.seen_low[where] = np.minimum(known.seen_low[where], table)
            known.seen_high[where] = np.maximum(known.seen_high[where], table)
            if result.status != 0:
                break
            ends.append(table[at])
        if len(ends) == 2:
            solved[cell] = True
            known.low[cell] = max(known.low[cell], ends[0])
            if known.seen_high[cell] < far:
                known.high[cell] = min(known.high[cell], ends[1])
    return solved


def search_all(system: System, known: Knowledge, seed: int = 0) -> None:
    """Look for witnesses, first with the upper areas held still, then in wider and wider pieces."""
    depth = depths(system.above)
    line = system.area[known.cells]
    deep = np.where(line >= 0, depth[line], 0)
    for number, held in enumerate(range(int(depth.max(initial=0)) - 1, -2, -1)):
        if not known.undecided.any():
            return
        search(known, _ROUNDS, seed + number, deep <= held)


def settle(system: System, open_cells: Bools, minimum: int, *, exact: int = 200, seed: int = 0) -> Knowledge:
    """Run all three steps."""
    known = know(system, open_cells, minimum)
    search_all(system, known, seed)
    solve(known, exact)
    return known


def verdict(system: System, known: Knowledge, table: pd.DataFrame, by_programme: int = 0) -> AuditResult:
    """Sum a settled attack up."""
    narrow, undecided = known.narrow, known.undecided
    exact = known.high <= known.low
    found: list[Finding] = []
    for at in np.flatnonzero(narrow | undecided):
        cell = int(known.cells[at])
        former = cell >= system.present
        area, indicator = "", ""
        if not former:
            line, column = divmod(int(system.place[cell]), table.shape[1])
            area, indicator = str(table.index[line]), str(table.columns[column])
        found.append(
            Finding(
                area, indicator, float(known.low[at]), float(known.high[at]), float(known.truth[at]), former
            )
        )
    return AuditResult(
        checked=len(known.cells), exact=int(exact.sum()), narrow=int((narrow & ~exact).sum()),
        undecided=int(undecided.sum()), by_propagation=int(narrow.sum()) - by_programme,
        by_witness=int((~narrow & ~undecided).sum()), by_programme=by_programme, details=tuple(found),
    )  # fmt: skip
