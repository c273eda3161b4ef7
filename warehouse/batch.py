"""The one shape in which every importer hands its rows to the staging snapshot."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from warehouse.report import ImportReport

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from analytics.catalogue import Indicator
    from geo.nightlight import Grid

OBSERVATION = pa.schema(
    [
        ("area_code", pa.string()),
        ("level", pa.string()),
        ("indicator", pa.string()),
        ("year", pa.int16()),
        ("numerator", pa.float64()),
        ("denominator", pa.float64()),
        ("value", pa.float64()),
        ("basis", pa.string()),
        ("definition", pa.string()),
        ("source_id", pa.string()),
        ("suppressed", pa.bool_()),
    ]
)
AREA = pa.schema(
    [
        ("code", pa.string()),
        ("level", pa.string()),
        ("parent", pa.string()),
        ("name_th", pa.string()),
        ("name_en", pa.string()),
        ("kind", pa.string()),
        ("region", pa.string()),
        ("mapped_to", pa.string()),
    ]
)
SOURCE = pa.schema(
    [
        ("source_id", pa.string()),
        ("kind", pa.string()),  # official | open | user | modelled | synthetic
        ("publisher", pa.string()),
        ("title_th", pa.string()),
        ("title_en", pa.string()),
        ("url", pa.string()),
        ("licence", pa.string()),
        ("year", pa.int16()),
        ("retrieved", pa.string()),  # ISO date, or null where unknown
        ("cells", pa.string()),  # published | protected | synthetic: may these very cells be shown?
        ("priority", pa.int16()),  # higher wins where two sources give the same cell
    ]
)
SOURCE_FILE = pa.schema(
    [
        ("source_id", pa.string()),
        ("file_name", pa.string()),
        ("sha256", pa.string()),
        ("bytes", pa.int64()),
        ("rows", pa.int64()),
    ]
)
PLACE = pa.schema(
    [
        ("place_id", pa.string()),
        ("source_id", pa.string()),
        ("kind", pa.string()),  # health | school | office | other
        ("grade", pa.string()),  # id of analytics/services.toml, or unknown
        ("name_th", pa.string()),
        ("name_en", pa.string()),
        ("code", pa.string()),
        ("area_code", pa.string()),
        ("longitude", pa.float64()),  # EPSG:4326; both null where a row has none
        ("latitude", pa.float64()),
        ("approximate", pa.bool_()),
        ("capacity", pa.float64()),
        ("capacity_unit", pa.string()),
        ("note", pa.string()),
    ]
)

VILLAGE_POINT = pa.schema(
    [
        ("code", pa.string()),
        ("name_th", pa.string()),
        ("longitude", pa.float64()),
        ("latitude", pa.float64()),
        ("source_id", pa.string()),
        ("how", pa.string()),  # code | position | name
        ("confidence", pa.float64()),  # 0 to 1
    ]
)
VILLAGE_SCORE = pa.schema(
    [
        ("code", pa.string()),
        ("spec", pa.string()),
        ("indicator", pa.string()),
        ("year", pa.int16()),
        ("score", pa.int8()),  # 1, 2, 3; 0 does not apply
        ("source_id", pa.string()),
    ]
)
MPI_PROFILE = pa.schema(
    [
        ("spec", pa.string()),
        ("area_code", pa.string()),
        ("level", pa.string()),
        ("year", pa.int16()),
        ("subgroup", pa.string()),  # empty for everybody
        ("profile", pa.int64()),
        ("missing", pa.int64()),
        ("persons", pa.float64()),  # sum of weights
        ("rows", pa.int64()),  # persons asked
        ("source_id", pa.string()),
    ]
)


def empty(schema: pa.Schema) -> pa.Table:
    """A table of `schema` with no rows."""
    return schema.empty_table()


PERIOD_ASSUMED = "period assumed"
"""In the note of a raster whose period no name told: what is known of the product and year stands there."""

OTHER_CELLS = "other cells"
"""In the note of a raster whose cells are not the product's; the size in degrees and the published one stand behind it."""


@dataclass(slots=True)
class LightRaster:
    """Night light of one product and year, ready to be published.

    Attributes
    ----------
    product : str
        Id in ``geo/nightlight.toml``.
    year : int
        Common era.
    values : ndarray of float32, shape (grid.height, grid.width)
        In the product's unit, NaN for no data; negative values are kept as they were measured.
    grid : Grid
        As `geo.nightlight.canonical` makes it, so that all years of a lattice have the same one.
    sha256 : str
        Of the file that was imported; of several tiles all hashes, a blank between them.
    period : tuple of str or None
        First and last day, ISO; None where the file does not say.
    mask : str or None
        The publisher's word for what was left out, such as ``vcmcfg``.
    not_finite : int
        Cells that were infinite, or NaN without being declared as no data; they are NaN now.
    observations : ndarray of uint16, same shape, or None
        Cloud-free observations of each cell, `geo.nightlight.NO_COUNT` where it is not known.
    note : str or None
        What else is to be known of it, with a semicolon between: such as "2 files", `PERIOD_ASSUMED`.
    """

    product: str
    year: int
    values: NDArray[np.float32]
    grid: Grid
    sha256: str
    period: tuple[str | None, str | None] = (None, None)
    mask: str | None = None
    not_finite: int = 0
    observations: NDArray[np.uint16] | None = None
    note: str | None = None


@dataclass(slots=True)
class Batch:
    """What one import brings. Rows replace rows with the same area, indicator, year and source.

    Attributes
    ----------
    import_id : str
        Hash of kind, options and the files' own hashes: the same files again are recognised as such.
    boundaries : mapping of level to GeoDataFrame
        Columns ``code, name_th, name_en, geometry`` in EPSG:4326.
    rasters : sequence of LightRaster
        Each takes the place of the one of the same product and year.
    village_points : Table
        Replaces all points of its sources.
    village_scores : Table
        Replaces the scores of its sources, specifications and years in the provinces it has villages of.
    village_specs : mapping of str to str
        Id to TOML of every specification that `village_scores` names.
    indicators : sequence of Indicator
        What its observations speak of and the shipped catalogue lacks (`analytics.catalogue.extend`); they belong to the
        batch's first source, and each takes the place of the one of the same id.
    places : pyarrow.Table
        Of the schema `PLACE`; they replace all places of the sources they name.
    mpi_profiles : pyarrow.Table
        Of the schema `MPI_PROFILE`, one level a source; they replace all profiles of their sources and years. Never of a
        source whose cells are protected.
    mpi_specs : mapping of (source id, specification) to str
        TOML of every specification that `mpi_profiles` names.
    whole_years : bool
        Whether it says all there is of its sources in its years, so that what they said of these years before goes.
    takes_over : sequence of str
        Sources that leave the snapshot, with all they ever said, when this batch enters it.
    """

    kind: str
    import_id: str
    report: ImportReport
    observations: pa.Table = field(default_factory=lambda: empty(OBSERVATION))
    areas: pa.Table = field(default_factory=lambda: empty(AREA))
    sources: pa.Table = field(default_factory=lambda: empty(SOURCE))
    files: pa.Table = field(default_factory=lambda: empty(SOURCE_FILE))
    boundaries: Mapping[str, Any] = field(default_factory=dict)
    rasters: Sequence[LightRaster] = ()
    village_points: pa.Table = field(default_factory=lambda: empty(VILLAGE_POINT))
    village_scores: pa.Table = field(default_factory=lambda: empty(VILLAGE_SCORE))
    village_specs: Mapping[str, str] = field(default_factory=dict)
    indicators: Sequence[Indicator] = ()
    places: pa.Table = field(default_factory=lambda: empty(PLACE))
    mpi_profiles: pa.Table = field(default_factory=lambda: empty(MPI_PROFILE))
    mpi_specs: Mapping[tuple[str, str], str] = field(default_factory=dict)
    whole_years: bool = False
    takes_over: Sequence[str] = ()
    cells_given: bool = False

    def shown_as(self, cells: str, *, given: bool = False) -> None:
        """Say how the cells of its sources may be shown, ``published`` or ``protected``.

        Part of the import's identity: the same files shown otherwise are another import.

        Parameters
        ----------
        cells : str
        given : bool
            Whether the person said so at this import; a default never lays open what is protected.
        """
        self.cells_given = given
        if cells == "protected":
            self.import_id = import_id(self.kind, {"cells": cells}, [self.import_id])
        place = self.sources.schema.get_field_index("cells")
        column = pa.array([cells] * self.sources.num_rows, pa.string())
        self.sources = self.sources.set_column(place, self.sources.schema.field(place), column)


def import_id(kind: str, options: Mapping[str, object], file_hashes: Iterable[str]) -> str:
    """Identify an import by what went into it, whatever the files are called."""
    text = "\n".join([kind, *(f"{k}={options[k]}" for k in sorted(options)), *sorted(file_hashes)])
    return hashlib.sha256(text.encode()).hexdigest()
