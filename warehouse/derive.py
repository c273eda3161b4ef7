"""What follows from the imported numbers: sums, rates, overlap totals, the preferred source, stars.

Runs after every merge over the touched years, inside the draft database, and is thrown away and made again
each time: its rows carry ``computed``. One number never mixes two sources: numerator and denominator, parent
and children, come from the same one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from analytics.catalogue import DIMENSIONS, load_catalogue
from analytics.definitions import definition_for, load_definitions
from analytics.stars import RANK_COVERAGE, stars
from geo.codes import official_areas
from warehouse.protection import Guard
from warehouse.settings import Stars

# A sum is shown for an area when at least this part of its official children has data. Bangkok is in no TPMAP
# file, so 76 of 77 provinces must do for the country (and 75 for 2566); twenty of a newspaper must not.
SUM_COVERAGE = 0.9

_CHILDREN = (("subdistrict", "district", 4), ("district", "province", 2), ("province", "country", 0))

_FACT = """
CREATE OR REPLACE TEMP TABLE fact AS
SELECT area_code, level, indicator, year, numerator, denominator, value, basis, definition, source_id,
       suppressed, false AS computed
FROM observation
WHERE NOT computed AND list_contains($years, year)
"""

# One level of sums; a parent that has a row of this source already keeps it.
_SUMS = """
INSERT INTO fact
SELECT s.parent, $parent_level, s.indicator, s.year, s.value, s.denominator, s.value, 'aggregated', s.definition,
       s.source_id, false, true
FROM (
    SELECT CASE WHEN $width = 0 THEN 'TH' ELSE left(f.area_code, $width) END AS parent,
           f.indicator, f.year, f.source_id, sum(f.value) AS value,
           CASE WHEN count(f.denominator) = count(*) THEN sum(f.denominator) END AS denominator,
           count(o.code) AS covered, any_value(a.coverage) AS coverage,
           CASE WHEN count(DISTINCT f.definition) = 1 THEN any_value(f.definition) END AS definition
    FROM fact f
    JOIN additive a ON a.indicator = f.indicator
    LEFT JOIN official o ON o.code = f.area_code
    WHERE f.level = $level
    GROUP BY ALL
    HAVING bool_and(NOT f.suppressed) AND count(f.value) = count(*)
) s
JOIN official_children c ON c.parent = s.parent
WHERE s.covered >= s.coverage * c.children
  AND NOT EXISTS (
      FROM fact e
      WHERE e.area_code = s.parent AND e.indicator = s.indicator AND e.year = s.year
        AND e.source_id = s.source_id AND e.level = $parent_level
  )
"""

_RATES = """
INSERT INTO fact
SELECT n.area_code, n.level, r.indicator, n.year,
       CASE WHEN NOT hidden THEN n.value END,
       CASE WHEN NOT hidden THEN n.below END,
       CASE WHEN NOT hidden THEN r.factor * n.value / n.below END,
       CASE WHEN n.summed THEN 'aggregated' ELSE 'derived' END,
       CASE WHEN r.by_source THEN n.definition END, n.source_id, hidden, true
FROM (
    SELECT n.area_code, n.level, n.indicator, n.year, n.value, n.definition, n.source_id, r.indicator AS rate,
           CASE WHEN r.per = 'applicable' THEN n.denominator ELSE d.value END AS below,
           n.suppressed OR coalesce(d.suppressed, false) OR (r.per = 'applicable' AND w.area_code IS NOT NULL) AS hidden,
           r.per = 'applicable' OR d.area_code IS NOT NULL AS paired,
           n.basis = 'aggregated' OR coalesce(d.basis = 'aggregated', false) AS summed
    FROM fact n
    JOIN rate r ON r.of = n.indicator
    LEFT JOIN fact d ON d.indicator = r.per AND d.area_code = n.area_code AND d.year = n.year
         AND d.source_id = n.source_id
    LEFT JOIN (
        SELECT area_code, replace(indicator, 'applicable_', 'failing_') AS indicator, year, source_id
        FROM withheld WHERE starts_with(indicator, 'applicable_')
    ) w ON w.indicator = n.indicator AND w.area_code = n.area_code AND w.year = n.year AND w.source_id = n.source_id
) n
JOIN rate r ON r.indicator = n.rate
-- Hidden denominators are found by their name first: compared row by row with what is hidden this took minutes.
ANTI JOIN (SELECT indicator AS rate, area_code, year, source_id FROM fact) e USING (rate, area_code, year, source_id)
WHERE n.paired AND (n.hidden OR n.below > 0)
"""

# Each person counted in k dimensions stands in k of the five counts: their sum over target poor is the mean.
_MEAN = """
INSERT INTO fact
SELECT s.area_code, s.level, 'mean_dimensions', s.year,
       CASE WHEN NOT (s.hidden OR t.suppressed) THEN s.total END,
       CASE WHEN NOT (s.hidden OR t.suppressed) THEN t.value END,
       CASE WHEN NOT (s.hidden OR t.suppressed) THEN s.total / t.value END,
       CASE WHEN s.summed OR t.basis = 'aggregated' THEN 'aggregated' ELSE 'derived' END,
       NULL, s.source_id, s.hidden OR t.suppressed, true
FROM (
    SELECT area_code, level, year, source_id, sum(value) AS total, bool_or(basis = 'aggregated') AS summed,
           bool_or(suppressed) AS hidden
    FROM fact
    WHERE list_contains($dimensions, indicator)
    GROUP BY ALL
    HAVING count(*) = 5
) s
JOIN fact t ON t.indicator = 'target_poor' AND t.area_code = s.area_code AND t.year = s.year
     AND t.source_id = s.source_id AND (s.hidden OR t.suppressed OR t.value > 0)
"""

_OVERLAP = """
INSERT INTO fact
SELECT f.area_code, f.level, 'overlap_' || length(replace(f.mask, '0', '')), f.year, sum(f.value), NULL,
       sum(f.value),
       CASE WHEN bool_or(f.basis = 'aggregated') THEN 'aggregated' ELSE 'derived' END,
       NULL, f.source_id, false, true
FROM (
    SELECT *, substr(indicator, length('overlap_cell_') + 1) AS mask,
           count(*) FILTER (NOT suppressed) OVER (PARTITION BY area_code, year, source_id) AS cells
    FROM fact
    WHERE starts_with(indicator, 'overlap_cell_')
) f
WHERE f.cells = 31
GROUP BY f.area_code, f.level, f.year, f.source_id, length(replace(f.mask, '0', ''))
"""

# Which source readers see: one for each indicator, year and level, so that a ranking never mixes two.
# Real before made up, published before summed, then priority, then coverage.
_CHOICE = """
CREATE OR REPLACE TEMP TABLE choice AS
WITH dataset AS (
    SELECT f.indicator, f.year, f.level, f.source_id, count(*) AS areas,
           bool_and(f.basis = 'aggregated') AS summed, any_value(s.priority) AS priority,
           any_value(s.kind) = 'synthetic' AS made_up
    FROM fact f
    JOIN source s USING (source_id)
    GROUP BY ALL
),
ranked AS (
    SELECT *, row_number() OVER (
        PARTITION BY indicator, year, level
        -- Light of a part of the country leaves the country's own figure to another product: units must not mix.
        ORDER BY made_up, starts_with(indicator, 'light_') AND areas < $coverage * most, summed, priority DESC, areas DESC,
                 source_id
    ) AS place
    FROM (SELECT *, max(areas) OVER (PARTITION BY indicator, year, level) AS most FROM dataset)
),
-- A fuller dataset that agrees wherever both have a row takes the first one's place: nothing shown changes,
-- areas are gained. One disagreement and priority decides.
fuller AS (
    SELECT c.indicator, c.year, c.level, c.source_id, c.areas
    FROM ranked c
    JOIN ranked b ON b.place = 1 AND c.place > 1
         AND (b.indicator, b.year, b.level) = (c.indicator, c.year, c.level)
    WHERE c.areas > b.areas AND c.summed = b.summed AND c.made_up = b.made_up
      AND (
          SELECT count(*) > 0 AND bool_and(
              x.suppressed = y.suppressed
              AND (x.value IS NOT DISTINCT FROM y.value
                   OR abs(x.value - y.value) <= 1e-6 * greatest(1, abs(x.value)))
          )
          FROM fact x
          JOIN fact y ON y.area_code = x.area_code AND y.indicator = x.indicator AND y.year = x.year
               AND y.level = x.level
          WHERE x.source_id = b.source_id AND y.source_id = c.source_id
            AND x.indicator = c.indicator AND x.year = c.year AND x.level = c.level
      )
)
SELECT r.indicator, r.year, r.level,
       coalesce(
           (SELECT arg_max(f.source_id, f.areas) FROM fuller f
            WHERE (f.indicator, f.year, f.level) = (r.indicator, r.year, r.level)),
           r.source_id
       ) AS source_id
FROM ranked r
WHERE r.place = 1
"""

_STORE = """
INSERT INTO observation
SELECT f.area_code, f.level, f.indicator, f.year, f.numerator, f.denominator, f.value, f.basis,
       coalesce(f.definition, d.definition), f.source_id, f.suppressed, f.computed, c.source_id IS NOT NULL
FROM fact f
LEFT JOIN choice c
    ON (c.indicator, c.year, c.level, c.source_id) = (f.indicator, f.year, f.level, f.source_id)
LEFT JOIN meaning d ON d.indicator = f.indicator AND d.year = f.year
"""


def derive(
    connection: duckdb.DuckDBPyConnection, years: Collection[int], settings: Stars, guard: Guard
) -> None:
    """Make the computed rows of some years again.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        The draft database, with imported rows in ``observation``.
    years : collection of int
        Years in the common era whose rows changed.
    settings : Stars
        How stars are given.
    guard : Guard
        Hides what of protected sources may not be shown, after the sums and before what rests on them.
    """
    if not years:
        return
    wanted = sorted({int(y) for y in years})
    _register_rules(connection)
    connection.execute(_FACT, {"years": wanted})
    guard.restore(connection, wanted)
    for level, parent_level, width in _CHILDREN:
        connection.execute(_SUMS, {"level": level, "parent_level": parent_level, "width": width})
    connection.execute(_OVERLAP)
    guard.hide(connection)
    connection.execute(_RATES)
    connection.execute(_MEAN, {"dimensions": [f"target_{d}" for d in DIMENSIONS]})
    connection.execute(_CHOICE, {"coverage": SUM_COVERAGE})
    _add_stars(connection, settings)
    _register_meanings(connection)
    connection.execute("DELETE FROM observation WHERE list_contains($years, year)", {"years": wanted})
    connection.execute(_STORE)
    for name in ("fact", "choice", "withheld"):
        connection.execute(f"DROP TABLE {name}")
    for view in ("additive", "rate", "official", "official_children", "meaning"):
        connection.unregister(view)


def _register_rules(connection: duckdb.DuckDBPyConnection) -> None:
    catalogue = load_catalogue()
    additive = [i for i in catalogue.values() if i.summed]
    rates = [i for i in catalogue.values() if i.of is not None and i.per is not None]
    by_source = {i.id for i in rates for d in load_definitions().values() if d.by_source and d.names(i.id)}
    connection.register(
        "additive",
        pa.table(
            {
                "indicator": pa.array([i.id for i in additive], pa.string()),
                # What a stranger's table leaves out is not known to be nothing: its sums need every child.
                "coverage": pa.array([1.0 if i.imported else SUM_COVERAGE for i in additive], pa.float64()),
            }
        ),
    )
    connection.register(
        "rate",
        pa.table(
            {
                "indicator": pa.array([i.id for i in rates], pa.string()),
                "of": pa.array([i.of for i in rates], pa.string()),
                "per": pa.array([i.per for i in rates], pa.string()),
                "factor": pa.array([100.0 if i.unit == "percent" else 1.0 for i in rates], pa.float64()),
                # Its definition is the source's and not the year's, so the rate has that of its count.
                "by_source": pa.array([i.id in by_source for i in rates], pa.bool_()),
            }
        ),
    )
    areas = list(official_areas().values())
    children = pd.Series([a.parent for a in areas if a.parent is not None]).value_counts()
    connection.register("official", pa.table({"code": pa.array([a.code for a in areas], pa.string())}))
    connection.register(
        "official_children",
        pa.table(
            {
                "parent": pa.array([str(p) for p in children.index], pa.string()),
                "children": pa.array([int(n) for n in children], pa.int64()),
            }
        ),
    )


def _register_meanings(connection: duckdb.DuckDBPyConnection) -> None:
    pairs = connection.execute(
        "SELECT DISTINCT indicator, year FROM fact WHERE definition IS NULL"
    ).fetchall()
    connection.register(
        "meaning",
        pa.table(
            {
                "indicator": pa.array([i for i, _ in pairs], pa.string()),
                "year": pa.array([y for _, y in pairs], pa.int16()),
                "definition": pa.array([definition_for(i, int(y)) for i, y in pairs], pa.string()),
            }
        ),
    )


def _add_stars(connection: duckdb.DuckDBPyConnection, settings: Stars) -> None:
    catalogue = load_catalogue()
    rates = connection.execute(
        """
        SELECT f.area_code, f.level, f.year, f.value, f.source_id
        FROM fact f
        SEMI JOIN choice c
            ON (c.indicator, c.year, c.level, c.source_id) = (f.indicator, f.year, f.level, f.source_id)
        WHERE f.indicator = 'target_poor_rate' AND f.value IS NOT NULL
        ORDER BY f.year, f.level, f.area_code
        """
    ).df()
    made: list[pd.DataFrame] = []
    official = pd.DataFrame(
        [(a.code, a.level, a.parent) for a in official_areas().values()], columns=["code", "level", "parent"]
    )
    for (_, level), group in rates.groupby(["year", "level"], sort=True):
        known = official[official["level"] == level]
        parents = _parents(group["area_code"], str(level))
        covered = group["area_code"].isin(known["code"])
        thresholds = settings.thresholds if settings.method == "thresholds" else None
        # Fixed thresholds compare with nobody, so nobody else has to be there.
        whole = thresholds is not None or (
            len(known) > 0 and int(covered.sum()) >= RANK_COVERAGE * len(known)
        )
        if level in catalogue["stars"].levels and whole:
            given = stars(group["value"], thresholds=thresholds, minimum_siblings=settings.minimum_siblings)
            made.append(_star_rows(group, given, "stars"))
        if level in catalogue["stars_within_parent"].levels:
            given = stars(
                group["value"], parents, thresholds=thresholds, minimum_siblings=settings.minimum_siblings
            )
            if thresholds is None and len(known) > 0:
                children = known["parent"].value_counts()
                here = parents[covered].value_counts()
                full = {p for p, n in here.items() if n >= RANK_COVERAGE * children.get(p, n)}
                given = given.where(parents.isin(full))
            made.append(_star_rows(group, given, "stars_within_parent"))
    for frame in made:
        connection.register("star", pa.Table.from_pandas(frame, preserve_index=False))
        connection.execute(
            """
            INSERT INTO fact
            SELECT area_code, level, indicator, year, NULL, NULL, value, 'derived', NULL, source_id, false,
                   true
            FROM star
            """
        )
        connection.execute("INSERT INTO choice SELECT DISTINCT indicator, year, level, source_id FROM star")
        connection.unregister("star")


def _star_rows(group: pd.DataFrame, given: Any, indicator: str) -> pd.DataFrame:
    rows = group.assign(value=pd.Series(given, index=group.index).astype("Float64"), indicator=indicator)
    rows = rows[rows["value"].notna()]
    return rows.astype({"value": "float64"})


def _parents(codes: pd.Series[str], level: str) -> pd.Series[str]:
    widths = {"district": 2, "subdistrict": 4, "village": 6}
    if level in widths:
        return codes.str.slice(0, widths[level])
    return pd.Series("TH", index=codes.index)


def touched_years(tables: Iterable[pa.Table]) -> set[int]:
    """Years of the observations in some tables."""
    return {int(y) for table in tables for y in table.column("year").unique().to_pylist()}
