"""What scores of villages say: the level of a village, and the share of villages with a severe problem above it.

Pure arithmetic on tables. An indicator that does not apply to a village is skipped; a missing score is not a good one, so what
it could change is left open instead of guessed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.village_specs import NOT_APPLICABLE, Spec

MISSING: Final = -1
"""In a matrix of scores, where the file has none."""

WIDTHS: Final[Mapping[str, int]] = {"country": 0, "province": 2, "district": 4, "subdistrict": 6}
"""Digits of the codes of the levels above a village."""

COVERED: Final = 0.8
"""Least part of an area's villages, and of the country's provinces, that a share has to be known of."""

Scores = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Scores of villages by a specification.

    Attributes
    ----------
    codes : ndarray of str, shape (n,)
        Villages, ascending, each once.
    scores : ndarray of int8, shape (n, m)
        In the order of the specification's indicators: 1, 2, 3, `NOT_APPLICABLE` or `MISSING`.
    """

    codes: npt.NDArray[np.str_]
    scores: Scores


def matrix(spec: Spec, scores: pd.DataFrame) -> Matrix:
    """Lay scores out, one row a village and one column an indicator.

    Parameters
    ----------
    spec : Spec
    scores : DataFrame
        Columns ``code, indicator, score``; indicators the specification does not have are left out, and villages with them
        that have no score of any other.

    Raises
    ------
    ValueError
        When a village has two scores of one indicator.
    """
    place = {indicator.id: at for at, indicator in enumerate(spec.indicators)}
    scores = scores[scores["indicator"].isin(list(place))]
    row, codes = pd.factorize(scores["code"], sort=True)
    cells = row * len(place) + scores["indicator"].map(place).to_numpy(dtype=np.intp)
    if len(np.unique(cells)) != len(cells):
        raise ValueError("scores: found a village with two scores of one indicator, expected one")
    laid = np.full(len(codes) * len(place), MISSING, dtype=np.int8)
    laid[cells] = scores["score"].to_numpy(dtype=np.int8)
    return Matrix(np.asarray(codes, dtype=np.str_), laid.reshape(len(codes), len(place)))


def tally(spec: Spec, found: Matrix) -> pd.DataFrame:
    """How each village stands, in the order of the matrix; columns as `standing`."""
    s = found.scores
    counts = {name: (s == score).sum(axis=1) for name, score in COUNTED.items()}
    return standing(spec, pd.DataFrame({"code": found.codes, **counts}))


COUNTED: Final[Mapping[str, int]] = {"severe": 1, "some": 2, "fine": 3, "not_applicable": NOT_APPLICABLE}
"""Column of a count of indicators and the score it counts."""


def standing(spec: Spec, counts: pd.DataFrame) -> pd.DataFrame:
    """The level of each village from its counts of scores.

    Parameters
    ----------
    spec : Spec
    counts : DataFrame
        ``code`` and the columns of `COUNTED`, one row a village.

    Returns
    -------
    DataFrame
        The same with ``missing``, indicators without a score; ``level``, 1 to 3, NaN where the missing scores could make it
        another one or nothing applies; and ``best, worst``, the levels it would have if all missing scores were good, or all
        severe.
    """
    out = counts.reset_index(drop=True)
    scored = sum(out[name].to_numpy(dtype=np.int64) for name in COUNTED)
    severe, missing = out["severe"].to_numpy(dtype=np.int64), len(spec.indicators) - scored
    best, worst = _levels(spec, severe), _levels(spec, severe + missing)
    if not spec.indicators:
        best = worst = np.full(len(out), np.nan)
    applies = (out[["severe", "some", "fine"]] > 0).any(axis=1).to_numpy(dtype=bool)
    level = np.where((best == worst) & applies, best, np.nan)
    return out.assign(missing=missing, level=level, best=best, worst=worst)


def _levels(spec: Spec, severe: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    first, second = spec.severe_from
    return np.where(severe >= first, 1.0, np.where(severe >= second, 2.0, 3.0))


def domain_scores(spec: Spec, found: Matrix, domain: str) -> Scores:
    """The worst score of each village in a domain, shape (n,).

    1 where any of its indicators has a severe problem; else `MISSING` where a score that could be 1 is missing; else the worst
    there is, `NOT_APPLICABLE` where none of them applies.
    """
    columns = [at for at, indicator in enumerate(spec.indicators) if indicator.domain == domain]
    s = found.scores[:, columns]
    applies = np.where(s > 0, s, 9)
    worst = applies.min(axis=1, initial=9)
    worst = np.where(worst == 9, NOT_APPLICABLE, worst)
    open_ = (s == MISSING).any(axis=1) & (worst != 1)
    return np.where(open_, MISSING, worst).astype(np.int8)


def shares(
    spec: Spec, found: Matrix, known: Collection[str] | None = None, provinces: Collection[str] = ()
) -> pd.DataFrame:
    """Villages with a severe problem, and villages of each level, in every area above them.

    Parameters
    ----------
    spec : Spec
    found : Matrix
    known : collection of str, optional
        All villages there are, those of the matrix among them or not. An area less than `COVERED` of whose villages have a
        certain answer has no row: a few villages say nothing of it. Without them every area with one answer has a row.
    provinces : collection of str
        Provinces that `COVERED` of must have a row for the country to have one.

    Returns
    -------
    DataFrame
        ``area_code, level, measure, numerator, denominator``. ``measure`` is the id of an indicator, of a domain, or
        ``level1`` to ``level3``. The denominator of an indicator are the villages it applies to and has a score of; of a domain
        those of which it is certain whether any of its indicators is severe; of a level those whose level is certain. An area
        without such villages has no row: no data is not zero.
    """
    # Villages counted, those they are counted of, and those whose answer is certain, be it that nothing applies.
    columns: dict[str, tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]] = {}
    for at, indicator in enumerate(spec.indicators):
        score = found.scores[:, at]
        columns[indicator.id] = (score == 1, score > 0, score != MISSING)
    for domain in spec.domains:
        if spec.of_domain(domain.key):
            score = domain_scores(spec, found, domain.key)
            columns[domain.key] = (score == 1, score > 0, score != MISSING)
    standings = tally(spec, found)
    level = standings["level"].to_numpy(dtype=float)
    of_level = ~np.isnan(level)
    settled = of_level | (standings["missing"].to_numpy() == 0)
    for number in (1, 2, 3):
        columns[f"level{number}"] = (level == number, of_level, settled)
    villages = None if known is None else sorted({*known, *found.codes.tolist()})
    parts = []
    enough: dict[str, set[str]] = {}
    # The country last: it rests on what its provinces come to.
    for name, width in sorted(WIDTHS.items(), key=lambda one: -one[1]):
        inside, codes = pd.factorize(_above(found.codes, width), sort=True)
        there = None
        if villages is not None:
            there = pd.Series(_above(np.array(villages), width)).value_counts().reindex(codes).to_numpy()
        for measure, (counted, of, certain) in columns.items():
            below = np.bincount(inside[of], minlength=len(codes))
            kept = below > 0
            if there is not None:
                kept &= np.bincount(inside[certain], minlength=len(codes)) >= COVERED * there
            if name == "province":
                enough[measure] = set(codes[kept])
            if name == "country" and provinces:
                kept &= len(enough[measure].intersection(provinces)) >= COVERED * len(provinces)
            parts.append(
                pd.DataFrame(
                    {
                        "area_code": codes[kept],
                        "level": name,
                        "measure": measure,
                        "numerator": np.bincount(inside[counted & of], minlength=len(codes))[kept].astype(
                            float
                        ),
                        "denominator": below[kept].astype(float),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def _above(codes: npt.NDArray[np.str_], width: int) -> npt.NDArray[Any]:
    """Code of the area of a level that each village lies in."""
    return np.array([code[:width] for code in codes]) if width else np.full(len(codes), "TH")


def top(values: pd.DataFrame, count: int = 10) -> pd.DataFrame:
    """The areas with the highest values, those that share the last place included.

    Parameters
    ----------
    values : DataFrame
        With ``area_code`` and ``value``; areas without data have no place.

    Returns
    -------
    DataFrame
        The rows with ``rank``, from the highest; areas of one value share a rank and stand by code.
    """
    known = values[values["value"].notna()].copy()
    known["rank"] = known["value"].rank(method="min", ascending=False).astype(int)
    return known[known["rank"] <= count].sort_values(["rank", "area_code"], ignore_index=True)
