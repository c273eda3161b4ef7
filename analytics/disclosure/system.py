"""The attacker's equations: every published sum and known inequality, as sparse rows over cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.disclosure.structure import Structure

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

FAR: Final = float(2**44)
"""Stands for "no bound": sums of a few hundred of it are still exact in doubles."""


class NotWholeError(ValueError):
    """A count is negative or not whole."""


@dataclass(frozen=True)
class Rows:
    """Statements ``sum(coef x cell) = b`` or ``<= b``; entries of a row stand together.

    Attributes
    ----------
    row, col, coef : array
        One entry each: row, cell and whole coefficient.
    b : array, shape (rows,)
    equal : array of bool, shape (rows,)
    cells : int
        How many cells there are, in a row or not.
    """

    row: Ints
    col: Ints
    coef: Floats
    b: Floats
    equal: Bools
    cells: int

    @cached_property
    def starts(self) -> Ints:
        """Where each row begins."""
        return _begins(self.row)

    @cached_property
    def by_cell(self) -> tuple[Ints, Ints, Ints]:
        """Entries ordered by cell, where each cell begins, and which cell that is."""
        order = np.argsort(self.col, kind="stable").astype(np.int64)
        sorted_cells = self.col[order]
        starts = _begins(sorted_cells)
        return order, starts, sorted_cells[starts]

    def keep(self, wanted: Bools) -> Rows:
        """Return the rows of a mask, numbered anew."""
        entries = wanted[self.row]
        number = np.cumsum(wanted) - 1
        return Rows(
            number[self.row[entries]].astype(np.int64), self.col[entries], self.coef[entries],
            self.b[wanted], self.equal[wanted], self.cells,
        )  # fmt: skip

    def restrict(self, open_cells: Bools, values: Floats) -> Rows:
        """Put the known cells on the right-hand side and number rows and cells anew.

        Parameters
        ----------
        open_cells : array of bool, shape (cells,)
            Cells whose value stays unknown.
        values : array, shape (cells,)
            Values of the others.
        """
        free = open_cells[self.col]
        b = self.b.copy()
        if not free.all():
            known = ~free
            b -= np.bincount(self.row[known], self.coef[known] * values[self.col[known]], len(b))
        used = np.zeros(len(b), dtype=bool)
        used[self.row[free]] = True
        rows = np.cumsum(used) - 1
        number = np.cumsum(open_cells) - 1
        return Rows(
            rows[self.row[free]].astype(np.int64), number[self.col[free]].astype(np.int64), self.coef[free],
            b[used], self.equal[used], int(open_cells.sum()),
        )  # fmt: skip

    def activity(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Return the least and the largest each row can sum to."""
        if not len(self.col):
            return np.zeros(0), np.zeros(0)
        positive = self.coef > 0
        least = self.coef * np.where(positive, low[self.col], high[self.col])
        most = self.coef * np.where(positive, high[self.col], low[self.col])
        return np.add.reduceat(least, self.starts), np.add.reduceat(most, self.starts)

    def limits(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Return the bounds each entry's row puts on its cell, given those of the other cells."""
        positive = self.coef > 0
        least = self.coef * np.where(positive, low[self.col], high[self.col])
        most = self.coef * np.where(positive, high[self.col], low[self.col])
        b = self.b[self.row]
        from_least = (b - (np.add.reduceat(least, self.starts)[self.row] - least)) / self.coef
        from_most = (b - (np.add.reduceat(most, self.starts)[self.row] - most)) / self.coef
        equal = self.equal[self.row]
        lower = np.where(positive, np.where(equal, from_most, -FAR), from_least)
        upper = np.where(positive, from_least, np.where(equal, from_most, FAR))
        return np.ceil(lower - 1e-9), np.floor(upper + 1e-9)


def _begins(numbers: Ints) -> Ints:
    """Return where each run of equal numbers begins."""
    changes = numbers[1:] != numbers[:-1]
    return np.flatnonzero(np.r_[np.ones(min(1, len(numbers)), dtype=bool), changes]).astype(np.int64)


def propagate(rows: Rows, low: Floats, high: Floats, sweeps: int = 80) -> tuple[Floats, Floats]:
    """Narrow the bounds of all cells until nothing changes; on a tree that is the exact answer.

    Stopping early is sound: the bounds are then wider than what an attacker could get, and whoever relies on
    their being wide has to ask :mod:`analytics.disclosure.attack` as well.
    """
    low, high = low.copy(), high.copy()
    if not len(rows.col):
        return low, high
    order, starts, cells = rows.by_cell
    for _ in range(sweeps):
        lower, upper = rows.limits(low, high)
        new_low = np.maximum(low[cells], np.maximum.reduceat(lower[order], starts))
        new_high = np.minimum(high[cells], np.minimum.reduceat(upper[order], starts))
        if np.array_equal(new_low, low[cells]) and np.array_equal(new_high, high[cells]):
            break
        low[cells], high[cells] = new_low, new_high
    return low, high


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one snapshot said of a source and year.

    Attributes
    ----------
    table : DataFrame
        True counts, one row an area, one column a count, NaN where there is no data.
    hidden : DataFrame of bool
        The same shape: what was not shown.
    """

    table: pd.DataFrame
    hidden: pd.DataFrame


@dataclass(frozen=True)
class System:
    """All cells of a table, and of the snapshot before it, with all that ties them together.

    A count that both snapshots have and that did not change is one cell: the attacker is credited with knowing
    that it did not. Cells of the present table come first, area by area; changed cells of the former one follow.

    Attributes
    ----------
    rows : Rows
        Over all cells.
    truth : array
    place : array
        For each present cell its position in the flattened table.
    parent_entry : array of bool
        Whether an entry of `rows` is the parent of a sum over areas.
    remembered : array of bool
        Cells the former snapshot gave away: published there and unchanged.
    was_hidden : array of bool
        Cells the former snapshot hid, whether or not they changed.
    present : int
        How many cells belong to the present table.
    area : array
        Line of each cell's area in the present table, -1 for an area that is gone.
    above : array
        For each line of the table, the line of its parent or -1.
    width : int
        Columns of the present table.
    """

    rows: Rows
    truth: Floats
    place: Ints
    parent_entry: Bools
    remembered: Bools
    was_hidden: Bools
    present: int
    area: Ints
    above: Ints
    width: int


def _flat(table: pd.DataFrame) -> Floats:
    values = table.to_numpy(dtype=np.float64, na_value=np.nan).ravel()
    seen = values[~np.isnan(values)]
    if (seen < 0).any() or (seen != np.round(seen)).any():
        raise NotWholeError("counts must be whole and not negative")
    return values


def _table_rows(
    table: pd.DataFrame, tree: Mapping[str, str | None], structure: Structure, number: Ints
) -> tuple[list[tuple[Ints, Ints, Floats, Bools]], list[Bools]]:
    """Return blocks of (row, cell, coef, entry is a parent) and of row equality; rows count from 0 in each."""
    values = table.to_numpy(dtype=np.float64, na_value=np.nan)
    areas, width = values.shape
    ids = number.reshape(areas, width)
    there = ~np.isnan(values)
    filled = np.where(there, values, 0.0)
    blocks: list[tuple[Ints, Ints, Floats, Bools]] = []
    equal: list[Bools] = []

    # Sums over areas: what the parent has, less what its children have, in one row for each parent and count.
    index = pd.Index(table.index)
    up = index.get_indexer(pd.Index([tree.get(str(code)) for code in index], dtype=object))
    child = np.flatnonzero(up >= 0)
    if len(child):
        total = np.zeros_like(filled)
        np.add.at(total, up[child], filled[child])
        below = np.zeros((areas, width), dtype=np.int64)
        np.add.at(below, up[child], there[child].astype(np.int64))
        # A parent may have more than its children show (one of them is missing), never less.
        fit = there & (below > 0) & (total <= filled)
        row_of = np.full((areas, width), -1, dtype=np.int64)
        row_of[fit] = np.arange(fit.sum())
        used = there[child] & fit[up[child]]
        at, column = np.nonzero(used)
        row = np.concatenate([row_of[up[child][at], column], row_of[fit]])
        cell = np.concatenate([ids[child[at], column], ids[fit]])
        coef = np.concatenate([np.ones(len(at)), -np.ones(int(fit.sum()))])
        is_parent = np.concatenate([np.zeros(len(at), dtype=bool), np.ones(int(fit.sum()), dtype=bool)])
        blocks.append((row, cell, coef, is_parent))
        equal.append((total == filled)[fit])

    position = {str(name): i for i, name in enumerate(table.columns)}
    for relation in structure.within(position).relations:
        columns = np.array([position[name] for name in relation.parts], dtype=np.int64)
        coefs = np.array(list(relation.parts.values()), dtype=np.float64)
        activity = filled[:, columns] @ coefs
        holds = there[:, columns].all(axis=1) & ((activity == 0) if relation.equal else (activity <= 0))
        count = int(holds.sum())
        blocks.append(
            (
                np.repeat(np.arange(count), len(columns)),
                ids[holds][:, columns].ravel(),
                np.tile(coefs, count),
                np.zeros(count * len(columns), dtype=bool),
            )
        )
        equal.append(np.full(count, relation.equal))
    return blocks, equal


def build(
    table: pd.DataFrame,
    tree: Mapping[str, str | None],
    structure: Structure,
    previous: Snapshot | None = None,
) -> System:
    """Write down all that ties the cells of a table, and of the snapshot before, together."""
    values = _flat(table)
    place = np.flatnonzero(~np.isnan(values)).astype(np.int64)
    number = np.full(len(values), -1, dtype=np.int64)
    number[place] = np.arange(len(place))
    truth = values[place]
    area = place // max(1, table.shape[1])
    index = pd.Index(table.index)
    above = index.get_indexer(pd.Index([tree.get(str(code)) for code in index], dtype=object))
    blocks, equal = _table_rows(table, tree, structure, number)
    remembered = np.zeros(len(place), dtype=bool)
    was_hidden = np.zeros(len(place), dtype=bool)
    if previous is not None:
        before = _flat(previous.table)
        hid = previous.hidden.to_numpy(dtype=bool).ravel()
        rows_at = pd.Index(table.index).get_indexer(pd.Index(previous.table.index))
        columns_at = pd.Index(table.columns).get_indexer(pd.Index(previous.table.columns))
        now = np.where(
            (rows_at[:, None] >= 0) & (columns_at[None, :] >= 0),
            rows_at[:, None] * table.shape[1] + columns_at[None, :],
            -1,
        ).ravel()
        same_cell = np.where(now >= 0, number[now], -1)
        had = ~np.isnan(before)
        both = had & (same_cell >= 0)
        was_hidden[same_cell[both & hid]] = True
        unchanged = both & (before == np.where(both, truth[same_cell], np.nan))
        remembered[same_cell[unchanged & ~hid]] = True
        changed = np.flatnonzero(had & ~unchanged)
        former = np.full(len(before), -1, dtype=np.int64)
        former[unchanged] = same_cell[unchanged]
        former[changed] = len(truth) + np.arange(len(changed))
        truth = np.concatenate([truth, before[changed]])
        area = np.concatenate([area, rows_at[changed // previous.table.shape[1]]])
        remembered = np.concatenate([remembered, ~hid[changed]])
        was_hidden = np.concatenate([was_hidden, hid[changed]])
        old_blocks, old_equal = _table_rows(previous.table, tree, structure, former)
        blocks += old_blocks
        equal += old_equal

    offsets = np.cumsum([0, *(len(e) for e in equal)])
    # An empty block first, so that a table without any tie has rows of the right kind, and none of them.
    nothing = np.zeros(0, dtype=np.int64)
    row = np.concatenate([nothing, *(b[0] + at for b, at in zip(blocks, offsets[:-1], strict=True))])
    col = np.concatenate([nothing, *(b[1] for b in blocks)])
    coef = np.concatenate([np.zeros(0), *(b[2] for b in blocks)])
    is_parent = np.concatenate([np.zeros(0, dtype=bool), *(b[3] for b in blocks)])
    order = np.argsort(row, kind="stable")
    all_rows = Rows(
        row[order].astype(np.int64), col[order], coef[order], np.zeros(int(offsets[-1])),
        np.concatenate([*equal, np.zeros(0, dtype=bool)]).astype(bool), len(truth),
    )  # fmt: skip
    return System(
        all_rows, truth, place, is_parent[order], remembered, was_hidden, len(place),
        area.astype(np.int64), above.astype(np.int64), max(1, table.shape[1]),
    )  # fmt: skip


def depths(above: Ints) -> Ints:
    """Return how many steps each line of the table stands below the top."""
    depth = np.zeros(len(above), dtype=np.int64)
    at = above.copy()
    while (at >= 0).any():
        depth += at >= 0
        at = np.where(at >= 0, above[at], -1)
    return depth


def flags(system: System, mask: Any, table: pd.DataFrame) -> pd.DataFrame:
    """Lay a mask over the present cells out as a table."""
    flat = np.zeros(table.size, dtype=bool)
    flat[system.place] = np.asarray(mask)[: system.present]
    return pd.DataFrame(flat.reshape(table.shape), index=table.index, columns=table.columns)
