"""Hide what is missing for good: the cheapest set of further cells that lets a plain one move.

Where counts of several areas and breakdowns are tied together, a cell may be plain although no single row makes
it so. Then a small programme looks for another table, near the truth, in which that cell has moved far enough:
hidden cells move freely, shown ones at a price. The shown cells it moved are hidden; the table it found is at
once the witness that the cell is safe.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, hstack

from analytics.disclosure.moves import Move, floors, prices
from analytics.disclosure.system import FAR, Bools, Floats, Ints, Rows, System, depths

_STEP: Final = 2.0
"""How far, in minima, a cell may move."""

_SIZES: Final = ((150, True), (1000, True), (6000, False))
"""Cells of a neighbourhood, tried in turn, and whether it ends at the region (a province, say)."""


def mend(
    system: System, weak: Ints, hidden: Bools, seen: tuple[Floats, Floats], minimum: int, fixed: Bools
) -> list[Move]:
    """Hide further cells until each of some cells has a move; return the moves.

    Parameters
    ----------
    system : System
    weak : array of int
        Cells to mend.
    hidden : array of bool, shape (cells,)
        Cells not shown; further ones are set.
    seen : tuple of array, shape (cells,)
        Range of every cell over the tables found; widened.
    minimum : int
    fixed : array of bool, shape (cells,)
        Cells that are shown whatever happens.
    """
    depth = depths(system.above)
    price = prices(system)
    may_hide = np.isfinite(price) & (system.truth > 0) & ~fixed
    floor = np.where(np.arange(len(hidden)) < system.present, *map(float, floors(system, hidden)))
    found: list[Move] = []
    # Only rows that a move of this size can strain tie cells together.
    step = _STEP * minimum
    free = (hidden | may_hide) & ~system.remembered & ~fixed
    low = np.where(free, np.maximum(system.truth - step, 0.0), system.truth)
    high = np.where(free, system.truth + step, system.truth)
    tight = system.rows.keep(system.rows.equal | (system.rows.activity(low, high)[1] > system.rows.b))
    inside = free[tight.col]
    shape = (len(tight.b), tight.cells)
    links = csr_array((np.ones(int(inside.sum())), (tight.row[inside], tight.col[inside])), shape=shape)
    back = csr_array(links.T)
    region = _regions(system, depth)
    for size, apart in _SIZES:
        left = weak[seen[1][weak] - seen[0][weak] < minimum]
        groups: dict[int, list[int]] = {}
        for cell in left.tolist():
            groups.setdefault(int(region[cell]) if apart else 0, []).append(cell)

        def work(cells: list[int], size: int = size, apart: bool = apart) -> None:
            for cell in cells:
                if seen[1][cell] - seen[0][cell] < minimum:
                    near = _near(links, back, cell, size)
                    if apart:
                        near = near[region[near] == region[cell]]
                    move = _mend_one(system, tight, cell, near, price, hidden, minimum, seen, floor)
                    if move is not None:
                        found.append(move)

        # Regions share no cell that they move, so the order in which threads finish changes nothing.
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(work, groups.values()))
    return found


def _regions(system: System, depth: Ints) -> Ints:
    """Return for each cell the line of the area just below the top that it lies in; -1 at the top itself."""
    line = np.arange(len(system.above))
    for _ in range(int(depth.max(initial=0))):
        line = np.where(depth[line] > 1, system.above[line], line)
    line = np.where(depth[line] == 1, line, -1)
    return np.where(system.area >= 0, line[system.area], -1).astype(np.int64)


def _neighbours(links: csr_array, items: Ints) -> Ints:
    parts = [links.indices[links.indptr[i] : links.indptr[i + 1]] for i in items.tolist()]
    return np.unique(np.concatenate(parts)).astype(np.int64) if parts else items


def _near(links: csr_array, back: csr_array, cell: int, size: int) -> Ints:
    """Return the cells nearest to one, over the rows that tie them together."""
    seen = np.array([cell], dtype=np.int64)
    front = seen
    while len(front) and len(seen) < size:
        front = np.setdiff1d(_neighbours(links, _neighbours(back, front)), seen)
        seen = np.union1d(seen, front)
    return seen


def _mend_one(
    system: System,
    tight: Rows,
    cell: int,
    near: Ints,
    price: Floats,
    hidden: Bools,
    minimum: int,
    seen: tuple[Floats, Floats],
    floor: Floats,
) -> Move | None:
    """Find the cheapest table in which a cell has moved far enough, and hide what moved in it."""
    open_cells = np.zeros(len(hidden), dtype=bool)
    open_cells[near] = True
    open_cells[cell] = True
    cells = np.flatnonzero(open_cells)
    rows = tight.restrict(open_cells, system.truth)
    truth = system.truth[cells]
    at = int(np.searchsorted(cells, cell))
    matrix = csr_array((rows.coef, (rows.row, rows.col)), shape=(len(rows.b), rows.cells))
    room = rows.b - matrix @ truth
    # Moves up and down are separate variables, so that both cost.
    both = hstack([matrix, -matrix], format="csr")
    cost = np.where(hidden[cells], 1e-3, price[cells])
    step = _STEP * minimum
    down = np.minimum(np.maximum(truth - floor[cells], 0.0), step)
    best: tuple[float, Floats] | None = None
    for goal in (seen[0][cell] + minimum, seen[1][cell] - minimum):
        move = goal - truth[at]
        if goal < floor[cell]:
            continue
        lower = np.zeros(2 * len(cells))
        upper = np.concatenate([np.full(len(cells), step), down])
        side, other = (at, len(cells) + at) if move > 0 else (len(cells) + at, at)
        lower[side], upper[side], upper[other] = abs(move), max(abs(move), 1.0), 0.0
        if lower[side] > upper[side]:
            continue
        result = milp(
            np.concatenate([cost, cost]), integrality=np.ones(2 * len(cells)), bounds=Bounds(lower, upper),
            constraints=LinearConstraint(both, np.where(rows.equal, room, -FAR), room),
            # Nodes, not seconds: what is hidden must not depend on how busy the machine is. Nearly all end at the first node.
            options={"mip_rel_gap": 0.3, "node_limit": 500, "time_limit": 60.0},
        )  # fmt: skip
        if result.x is None:
            continue
        moves = np.round(result.x)
        table = truth + moves[: len(cells)] - moves[len(cells) :]
        activity = np.asarray(matrix @ table)
        if not ((activity <= rows.b) & (~rows.equal | (activity == rows.b))).all():
            continue
        if best is None or result.fun < best[0]:
            best = (float(result.fun), table)
        if result.fun < 1.0:
            break  # only hidden cells moved: nothing cheaper can be found the other way
    if best is None:
        return None
    table = best[1]
    moved = table != truth
    hidden[cells[moved]] = True
    seen[0][cells] = np.minimum(seen[0][cells], table)
    seen[1][cells] = np.maximum(seen[1][cells], table)
    return Move(cells[moved], (table - truth)[moved].astype(np.int64))
