"""The workshop's snapshot: the synthetic country in a data home of its own, where no official figure stands beside it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analytics.mpi_specs import load_spec
from warehouse.batch import SOURCE, Batch, import_id
from warehouse.demo.extras import neet_batch, places_batch, scores_batch, source_row
from warehouse.demo.figures import SPEC, count_people, observations, source_id
from warehouse.demo.land import villages
from warehouse.demo.people import YEARS, PeopleReport, write_people
from warehouse.demo.targets import PUBLISHED_YEAR
from warehouse.protection import SYNTHETIC
from warehouse.publish import publish_batches, published_boundaries
from warehouse.query import Warehouse
from warehouse.report import Check, ImportReport
from warehouse.settings import Settings
from warehouse.snapshots import SnapshotInfo, Store, StoreError
from warehouse.sources.modelled_lights import import_modelled
from warehouse.sources.mpi import profiles_batch
from warehouse.sources.schematic import import_schematic
from warehouse.workshop import DEMO, workshop_home

DEFAULT_SCALE: Final = 0.03
"""All poor households in full, the others thinned to two or three a village: 1.3 million rows of persons a year."""

Progress = Callable[[str, float], None]


def publish_demo(
    home: Path,
    settings: Settings,
    *,
    seed: int,
    scale: float = DEFAULT_SCALE,
    people: Path | None = None,
    provinces: Collection[str] | None = None,
    progress: Progress | None = None,
) -> tuple[SnapshotInfo, PeopleReport]:
    """Make the synthetic country and publish it as the snapshot of the workshop.

    Parameters
    ----------
    home : Path
        The ordinary data home; the snapshot goes into `workshop_home` of it and nothing else is touched. Real outlines that
        the ordinary home holds are used before schematic ones, level by level.
    settings : Settings
    seed : int
    scale : float
        See `warehouse.demo.people.write_people`. Figures of provinces are the same at every scale.
    people : Path, optional
        Keep the persons there, with their made-up identities. Without it they are thrown away once they are counted.
    provinces : collection of str, optional
        Only these provinces, for a workshop of one region; there is no figure of the country then.
    progress : callable, optional
        Called with the key of a step and how far all is, 0 to 1.

    Returns
    -------
    tuple of SnapshotInfo and PeopleReport

    Raises
    ------
    StoreError
        When the home cannot be written or is busy, or the counted persons break a rule of the survey's figures.
    """
    tell = progress or (lambda _step, _part: None)
    store = Store(workshop_home(home), settings.snapshots.keep)
    with store.work("demo"), ExitStack() as stack:
        folder = people
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="daomap-people-")))
        report = write_people(
            folder,
            seed=seed,
            scale=scale,
            provinces=provinces,
            with_identities=people is not None,
            progress=lambda part: tell("people", 0.25 * part),
        )
        whole = provinces is None
        survey, youth, indices = _survey(
            report, settings, whole, lambda part: tell("count", 0.25 + 0.25 * part)
        )
        tell("country", 0.5)
        outlines = import_schematic() if whole else _within(import_schematic(), report.provinces)
        here = pd.concat([villages(province) for province in report.provinces], ignore_index=True)
        batches = [
            survey,
            *indices,
            outlines,
            import_modelled(),
            neet_batch(youth, here, seed, whole=whole),
            places_batch(here, seed),
            scores_batch(here, seed),
            *_real_outlines(home, settings),
        ]
        info = publish_batches(
            store,
            settings,
            batches,
            fresh=True,
            everything=True,
            progress=lambda step, part: tell(step, 0.55 + 0.45 * part),
        )
    return info, report


def _survey(
    people: PeopleReport, settings: Settings, whole: bool, tell: Callable[[float], None]
) -> tuple[Batch, pd.DataFrame, list[Batch]]:
    """The counted figures of all years as one batch, the young people of each district, and the index of each year."""
    report = ImportReport(kind=DEMO)
    report.rows_read = report.rows_accepted = people.persons
    report.facts["synthetic"] = {"seed": people.seed, "scale": people.scale, "persons": people.persons}
    report.checks.append(
        Check(
            "demo.targets",
            "ยอดรายจังหวัดเท่ากับตัวเลขที่เผยแพร่หรือที่สมมติไว้",
            "the figures of every province are those published or made up for it",
            len(people.hits),
            len(people.missed),
        )
    )
    tables, youth, indices = [], pd.DataFrame(), []
    spec = load_spec(SPEC)
    for number, year in enumerate(YEARS):
        counts, profiles = count_people(
            people.folder, year, memory_mb=settings.import_.memory_mb, villages=settings.privacy.villages
        )
        if not whole:
            del counts["country"]
        tables.append(observations(counts, year, report))
        youth = counts["district"][["youth"]]
        index = f"mpi-{source_id(year)}"
        indices.append(profiles_batch(profiles, spec, year=year, source_id=index, synthetic=True))
        tell((number + 1) / len(YEARS))
    if people.missed or report.refused:
        first = people.missed[0] if people.missed else report.rejections[0]
        raise StoreError(
            f"ไม่เผยแพร่: ประเทศสังเคราะห์ไม่เป็นไปตามกฎของตนเอง ({first}) วิธีแก้: ใช้ --seed อื่นและแจ้งผู้พัฒนา",
            f"not published: the synthetic country breaks a rule of its own ({first}). To mend: use another --seed and tell "
            "the developers",
        )
    rows = [_source(year) for year in YEARS]
    batch = Batch(
        DEMO,
        import_id(DEMO, {"seed": people.seed, "scale": people.scale}, []),
        report,
        observations=pa.concat_tables(tables),
        sources=pa.Table.from_pylist(rows, schema=SOURCE),
        whole_years=True,
    )
    return batch, youth, indices


def _source(year: int) -> dict[str, object]:
    be = year + 543
    published = year == PUBLISHED_YEAR
    th = f"ประเทศสังเคราะห์ ปี {be}" + (" ยอดรายจังหวัดเท่ากับ TPMAP 2566" if published else "")
    en = f"Synthetic country, B.E. {be}" + (", province totals as TPMAP 2566" if published else "")
    return source_row(source_id(year), th, en, year, cells=SYNTHETIC)


def _within(outlines: Batch, provinces: Collection[str]) -> Batch:
    """Outlines and villages of some provinces."""
    return replace(
        outlines,
        areas=_of_provinces(outlines.areas, provinces),
        village_points=_of_provinces(outlines.village_points, provinces),
        boundaries={
            level: frame[frame["code"].str[:2].isin(provinces)].reset_index(drop=True)
            for level, frame in outlines.boundaries.items()
        },
    )


def _of_provinces(table: pa.Table, provinces: Collection[str]) -> pa.Table:
    codes = pc.utf8_slice_codeunits(table.column("code"), 0, 2)
    return table.filter(pc.is_in(codes, value_set=pa.array(list(provinces))))


def _real_outlines(home: Path, settings: Settings) -> Sequence[Batch]:
    """What the ordinary home holds of imported outlines, with where they come from."""
    try:
        current = Store(home, settings.snapshots.keep).current()
    except StoreError:
        current = None
    if current is None:
        return []
    sources = Warehouse(current).sources()
    batches = []
    for level, frame in published_boundaries(current).items():
        mine = sources[sources["source_id"] == f"boundaries-{level}"]
        if not len(mine):
            continue
        report = ImportReport(kind="boundaries")
        report.rows_read = report.rows_accepted = len(frame)
        batches.append(
            Batch(
                "boundaries",
                import_id("demo-boundaries", {"level": level}, [current.id]),
                report,
                sources=pa.Table.from_pandas(mine[SOURCE.names], schema=SOURCE, preserve_index=False),
                boundaries={level: frame},
            )
        )
    return batches
