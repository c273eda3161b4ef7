"""The command line ``daomap``: build, serve, import, query, and looking after snapshots.

Exit code 0 done, 1 the input was refused or the work cannot be done (what, where, how to mend; nothing
changed), 2 wrong usage. Results go to standard output, progress and errors to standard error.
"""

from __future__ import annotations

import argparse
import csv
import json
import logging
import math
import os
import platform
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from warehouse import mpi_command
from warehouse.journal import STATES, Run
from warehouse.report import Finding, ImportRefused, ImportReport, QueryError
from warehouse.settings import ROOT, Settings, SettingsError, load_settings
from warehouse.snapshots import SnapshotInfo, Store, StoreError

# Libraries that take seconds to load are imported by the commands that use them: `serve` must reach the page fast.
if TYPE_CHECKING:
    from warehouse.batch import Batch

KINDS = ("boundaries", "households", "mpi", "neet", "nightlight", "places", "table", "tpmap", "villages")
DESK_WORKS = ("serve", "keys", "status", "audit", "aggregate")
QUERY_COLUMNS = (
    "area_code",
    "name_th",
    "name_en",
    "value",
    "numerator",
    "denominator",
    "unit",
    "year",
    "definition",
    "source",
    "suppressed",
)
_SHOWN = 20
_RUNS = 5

_STEPS = {
    "people": ("สร้างบุคคลสังเคราะห์", "making synthetic persons"),
    "count": ("นับตามเกณฑ์", "counting by the rules"),
    "country": ("สร้างหมู่บ้านและบริการ", "making villages and services"),
    "sweep": ("เตรียมร่าง", "preparing a draft"),
    "read": ("อ่านไฟล์", "reading"),
    "backup": ("สำรองข้อมูล", "backing up"),
    "verify": ("อ่านกลับตรวจ", "reading back"),
    "restore": ("ตรวจและกู้คืน", "verifying and restoring"),
    "stage": ("เตรียมร่าง", "preparing a draft"),
    "merge": ("รวมข้อมูล", "merging"),
    "derive": ("คำนวณ", "computing"),
    "write": ("เขียนฐานข้อมูล", "writing"),
    "layers": ("สร้างชั้นแผนที่", "building map layers"),
    **dict.fromkeys(("seal", "move", "point", "prune", "publish"), ("เผยแพร่", "publishing")),
}


class Progress:
    """A line on standard error: drawn over itself on a terminal, now and then elsewhere."""

    def __init__(self, language: str, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.terminal = self.stream.isatty()
        self.word = 0 if language == "th" else 1
        self.last = ("", 0.0)

    def __call__(self, step: str, part: float) -> None:
        now = time.monotonic()
        text = _STEPS.get(step, (step, step))[self.word]
        if self.terminal:
            filled = round(30 * min(max(part, 0.0), 1.0))
            self.stream.write(
                f"\r[{'█' * filled}{' ' * (30 - filled)}] {text}\x1b[K" + ("\n" if part >= 1 else "")
            )
            self.stream.flush()
        elif text != self.last[0] or now - self.last[1] > 10:
            self.stream.write(f"{text} {100 * part:.0f}%\n")
            self.last = (text, now)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    _utf8()
    # What the log would say, the commands say themselves, in the language asked for.
    logging.getLogger("daomap").addHandler(logging.NullHandler())
    options = _parser().parse_args(arguments)
    language = options.language or "th"
    try:
        settings = load_settings()
        language = options.language or settings.display.default_language
        options.language = language
        command: Callable[[argparse.Namespace, Settings, Store], int] = options.run
        return command(options, settings, Store(settings.home, settings.snapshots.keep))
    except SettingsError as error:
        _say(error.text(language))
    except StoreError as error:
        _say(error.text(language))
    except QueryError as error:
        # A name that does not exist is a slip of the command, not a fault of the data.
        _say(error.text(language))
        return 2
    except ImportRefused as refusal:
        _print_report(refusal.report, options)
    except BrokenPipeError:
        # `daomap query ... | head` is no fault of anybody.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        _say("หยุดตามคำสั่ง ไม่มีอะไรเปลี่ยน" if language == "th" else "stopped; nothing changed")
    return 1


# -- commands ---------------------------------------------------------------


def _build(options: argparse.Namespace, settings: Settings, store: Store) -> int:
    # Imported where it is used, here and below: geometry libraries would double the time of `daomap query`.
    from warehouse.embedded import build

    started = time.monotonic()
    _tidy(store, options.language)
    info, new = build(store, settings, Progress(options.language), force=options.force)
    _notices(info, options.language)
    if new:
        seconds = time.monotonic() - started
        print(
            f"สร้างชุดข้อมูล {info.id} แล้วใน {seconds:.1f} วินาที"
            if options.language == "th"
            else f"built {info.id} in {seconds:.1f} s"
        )
    else:
        print(f"ชุดข้อมูลเป็นปัจจุบันแล้ว: {info.id}" if options.language == "th" else f"nothing new: {info.id}")
    return 0


def _demo(options: argparse.Namespace, settings: Settings, store: Store) -> int:
    from warehouse.demo.command import run

    return run(options, settings, Progress(options.language))


def _serve(options: argparse.Namespace, settings: Settings, store: Store) -> int:
    port = options.port or settings.server.port
    address = options.address or settings.server.address
    thai = options.language == "th"
    app = ROOT / "app.py"
    if not app.is_file():
        _say(f"ไม่พบ {app}" if thai else f"there is no {app}")
        return 1
    if not _port_free(address, port):
        _say(
            f"พอร์ต {port} ถูกใช้อยู่ วิธีแก้: daomap serve --port {port + 1} หรือปิดโปรแกรมที่ใช้พอร์ตนี้"
            if thai
            else f"port {port} is in use. To mend: daomap serve --port {port + 1}, or stop what uses it"
        )
        return 1
    _tidy(store, options.language)
    # What is published is served at once, and brought up to date beside it: readers take the new snapshot up at their
    # next rerun. Only an empty home has to wait.
    try:
        current = store.current()
    except StoreError as error:
        # Nothing valid is left: the shipped figures are built anew, and what was imported is missing from them.
        _say(error.text(options.language))
        current = None
    if current is None:
        _refresh(store, settings, options.language)
    else:
        _notices(current, options.language)
        Thread(target=_refresh, args=(store, settings, options.language), daemon=True).start()
    Thread(target=_look_at_readers, args=(options.language,), daemon=True).start()
    host = "127.0.0.1" if address in ("0.0.0.0", "::") else address  # noqa: S104 - compared, not bound
    print(f"ดาวแมป: http://{host}:{port}" if thai else f"Daomap: http://{host}:{port}", flush=True)
    command = [sys.executable, "-m", "streamlit", "run", str(app)]
    command += ["--server.port", str(port), "--server.address", address]
    command += ["--server.headless", "true" if options.headless else "false"]
    # The public app has no use for the keys of the officers' desk.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DAOMAP_DESK_")}
    with subprocess.Popen(command, cwd=ROOT, env=environment) as server:

        def stop(_number: int, _frame: object) -> None:
            server.terminate()

        if hasattr(signal, "SIGTERM"):
            signal.signal(signal.SIGTERM, stop)
        try:
            code = server.wait()
        except KeyboardInterrupt:
            # The terminal sent the same signal to Streamlit; let it close by itself.
            code = server.wait()
    return 0 if code in (0, -signal.SIGTERM, -signal.SIGINT) else 1


def _look_at_readers(language: str) -> None:
    """Say what the file readers run without, and which GDAL is too old; nothing where all is well."""
    from warehouse.intake import IntakeError, confinement
    from warehouse.intake.gdal import installed

    lines: list[str] = []
    try:
        found = confinement()
        if not found.confined:
            lines.append(found.text(language))
        lines += installed().complaints(language)
    except (IntakeError, OSError, subprocess.SubprocessError) as error:
        lines.append(
            f"เปิดตัวอ่านไฟล์ไม่ได้: {error}" if language == "th" else f"the file readers do not start: {error}"
        )
    for line in lines:
        _say(line)


def _refresh(store: Store, settings: Settings, language: str) -> None:
    """Bring the shipped figures and everything computed up to date with this version and its settings."""
    from warehouse.embedded import build

    try:
        build(store, settings, Progress(language))
    except StoreError as error:
        # Another process may be importing right now; what is published stays good.
        if store.current() is None:
            raise
        _say(error.text(language))


def _import(options: argparse.Namespace, settings: Settings, store: Store) -> int:
    progress = Progress(options.language)
    thai = options.language == "th"
    missing = [p for p in (*options.paths, *(options.observations or ())) if not Path(p).exists()]
    if missing:
        for path in missing:
            _say(f"ไม่พบ {path}" if thai else f"there is no {path}")
        return 1
    if options.kind == "households":
        # Persons go into a store of their own and never near a snapshot.
        from warehouse.desk.command import import_households

        return import_households(options, settings)
    if options.kind == "table":
        from warehouse.table_command import confirmed_plan

        options.plan, code = confirmed_plan(options, settings, store)
        if code is not None:
            return code
    report = publish_import(options, settings, store, progress)
    _print_report(report, options)
    if report.facts.get("nothing_new") and not options.json:
        print(
            "ไม่มีอะไรใหม่: ไฟล์ชุดนี้อยู่ในชุดข้อมูลแล้ว" if thai else "nothing new: these very files are in the snapshot"
        )
    return 0


def import_options(arguments: Sequence[str]) -> argparse.Namespace:
    """Options of ``daomap import`` with these arguments, for whoever asks for an import without a terminal."""
    return _parser().parse_args(["import", *arguments])


def publish_import(
    options: argparse.Namespace, settings: Settings, store: Store, progress: Callable[[str, float], None]
) -> ImportReport:
    """Read the files of an import and publish them, unless ``options.dry_run`` says to look only.

    Raises
    ------
    ImportRefused
        With the report; nothing has changed.
    StoreError
    """
    from warehouse.embedded import build
    from warehouse.protection import holds
    from warehouse.publish import note, publish_batches

    # The lock is held from the first file on, so that a second importer is told at once and not after its reading.
    with nullcontext() if options.dry_run else store.work("import") as work:
        for notice in work.notices if work is not None else ():
            _say(notice.text(options.language))
        progress("read", 0.0)
        current = store.current()
        batch = read_batch(options, settings, current, progress)
        report = batch.report
        if work is not None:
            note(work, batch)
        if report.refused:
            raise ImportRefused(report)
        if current is not None and holds(current, batch.import_id):
            if work is not None:
                work.outcome = "nothing_new"
            report.snapshot = current.id
            report.facts["nothing_new"] = True
            return report
        if not options.dry_run:
            if current is None:
                # A first import into an empty home still shows the shipped figures around it.
                build(store, settings, progress)
            publish_batches(
                store, settings, [batch], progress=lambda step, part: progress(step, 0.5 + 0.5 * part)
            )
    return report


def read_batch(
    options: argparse.Namespace,
    settings: Settings,
    current: SnapshotInfo | None,
    progress: Callable[[str, float], None],
) -> Batch:
    """Read the files of an import; nothing is written but what the options name."""
    from warehouse.intake import Confinement, Intake, IntakeError
    from warehouse.intake.gdal import installed
    from warehouse.publish import published_boundaries
    from warehouse.sources import nightlight
    from warehouse.sources.boundaries import read_boundary_files
    from warehouse.sources.tpmap import read_tpmap

    def tell(done: int, total: int, _text: str) -> None:
        progress("read", 0.5 * done / max(total, 1))

    paths = [Path(p) for p in options.paths]
    if options.kind == "mpi":
        return _read_computed(paths, options)
    # A raster of the world is read by position, so its size is no matter of memory.
    allowed: dict[str, Any] = (
        {"max_bytes": nightlight.MAX_BYTES, "timeout": nightlight.TIMEOUT}
        if options.kind == "nightlight"
        else {}
    )
    try:
        with Intake(workers=settings.import_.workers, **allowed) as intake:
            if not intake.confined:
                missing = Confinement("none", intake.measures)
                if options.confined_only:
                    raise StoreError(missing.text("th"), missing.text("en"))
                _say(missing.text(options.language))
            if options.kind in ("boundaries", "nightlight"):
                for line in installed().complaints(options.language):
                    _say(line)
            if options.kind == "boundaries":
                known = published_boundaries(current)
                return read_boundary_files(paths, intake, level=options.level, known=known, progress=tell)
            if options.kind == "nightlight":
                if options.product is not None and options.product not in nightlight.offered():
                    there = ", ".join(nightlight.offered())
                    raise QueryError(
                        f"ไม่รู้จักผลิตภัณฑ์ {options.product!r} มี: {there}",
                        f"unknown product {options.product!r}; there are: {there}",
                    )
                year = options.year if options.year_be is None else options.year_be - 543
                observations = [Path(p) for p in options.observations or ()]
                return nightlight.read_nightlight(
                    paths,
                    intake,
                    year=year,
                    product=options.product,
                    observations=observations,
                    progress=tell,
                )
            if options.kind == "table":
                from warehouse import table_command

                return table_command.read(options, settings, current, intake, tell)
            if options.kind == "places":
                return _read_places(paths, intake, options, settings, current, tell)
            if options.kind == "neet":
                return _read_neet(paths, intake, options, settings, current, tell)
            if options.kind == "villages":
                return _read_villages(paths, intake, options, settings, current, tell)
            batch = read_tpmap(paths, intake, year_be=options.year_be, progress=tell)
            batch.shown_as(options.cells or settings.privacy.tpmap, given=options.cells is not None)
            return batch
    except IntakeError as error:
        raise StoreError(f"เปิดตัวอ่านไฟล์ไม่ได้: {error}", f"cannot start the file readers: {error}") from error


def _read_computed(paths: Sequence[Path], options: argparse.Namespace) -> Batch:
    from warehouse.sources.mpi import read_mpi

    if len(paths) != 1:
        raise QueryError(
            f"พบ {len(paths)} โฟลเดอร์ นำเข้าผลการคำนวณได้ครั้งละโฟลเดอร์",
            f"found {len(paths)} folders; results are imported one folder at a time",
        )
    cells = options.cells or ("synthetic" if options.synthetic else "protected")
    if options.synthetic and cells == "published":
        cells = "synthetic"
    return read_mpi(paths[0], cells=cells, title=options.title)  # type: ignore[arg-type]


def _read_neet(
    paths: Sequence[Path],
    intake: Any,
    options: argparse.Namespace,
    settings: Settings,
    current: SnapshotInfo | None,
    tell: Callable[[int, int, str], None],
) -> Batch:
    from warehouse.query import Warehouse
    from warehouse.sources import neet

    given = options.cells is not None
    cells = options.cells or settings.neet.cells

    def protected(ids: Sequence[str]) -> bool:
        if cells == "protected" or given or current is None:
            return cells == "protected"
        # What is protected stays so until somebody says otherwise.
        known = Warehouse(current).sources().set_index("source_id")["cells"]
        return "protected" in known.reindex(list(ids)).tolist()

    batch = neet.read_neet(
        paths,
        intake,
        year_be=options.year_be,
        definition=options.definition,
        title=options.title,
        protected=protected,
        samples=settings.neet,
        progress=tell,
    )
    batch.shown_as(cells, given=given)
    return batch


def _read_villages(
    paths: Sequence[Path],
    intake: Any,
    options: argparse.Namespace,
    settings: Settings,
    current: SnapshotInfo | None,
    tell: Callable[[int, int, str], None],
) -> Batch:
    from analytics.spec_tables import SpecError
    from analytics.village_specs import read_spec_file, shipped_specs
    from warehouse.publish import published_boundaries
    from warehouse.query import Warehouse
    from warehouse.sources.villages import read_villages

    if options.cells == "protected":
        raise QueryError(
            "คะแนนและจุดของหมู่บ้านไม่มีจำนวนคน จึงไม่มีอะไรให้ปกปิด ถ้าเปิดเผยไม่ได้ อย่านำเข้า",
            "scores and points of villages count no persons, so there is nothing to hide; do not import what may "
            "not be shown",
        )
    try:
        own = [read_spec_file(path) for path in settings.village_specifications]
        specs = {**shipped_specs(), **{spec.id: spec for spec in own}}
        wanted = None
        if options.spec is not None:
            wanted = specs.get(options.spec) or read_spec_file(Path(options.spec))
    except SpecError as error:
        raise StoreError(error.text("th"), error.text("en")) from error
    known: dict[str, str] = {}
    if current is not None:
        house = Warehouse(current, settings.query)
        known = house.villages.names()
        house.close()
    return read_villages(
        paths,
        intake,
        year_be=options.year_be,
        spec=wanted,
        specs=specs,
        mode="raw" if options.raw else "scores",
        known=known,
        boundaries=published_boundaries(current),
        title=options.title,
        progress=tell,
    )


def _read_places(
    paths: Sequence[Path],
    intake: Any,
    options: argparse.Namespace,
    settings: Settings,
    current: SnapshotInfo | None,
    tell: Callable[[int, int, str], None],
) -> Batch:
    from warehouse.publish import published_boundaries
    from warehouse.query import Warehouse
    from warehouse.sources import places
    from warehouse.sources.places_layout import ColumnMapping

    batch = places.read_places(
        paths,
        intake,
        kind=options.place_kind,
        mapping=Path(options.mapping) if options.mapping else None,
        at_subdistrict=options.place_at_subdistrict,
        title=options.title,
        boundaries=published_boundaries(current),
        progress=tell,
    )
    if current is not None and batch.places.num_rows:
        house = Warehouse(current, settings.query)
        places.meet_held(batch, house.places.by_province, replace_provinces=options.replace)
        house.close()
    if options.save_mapping:
        # Also of a file that was refused: a guess that went wrong is mended in it, and nothing guessed is filled in.
        nothing: dict[str, Any] = {"columns": {}, "kind": None, "grades": {}}
        found = (batch.report.facts.get("mapping") or [nothing])[0]
        text = ColumnMapping(found["columns"], found["kind"], found["grades"]).toml()
        try:
            with Path(options.save_mapping).open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise StoreError(
                f"เขียน {options.save_mapping} ไม่ได้ ({reason}) วิธีแก้: ใช้ชื่อไฟล์ที่ยังไม่มี",
                f"cannot write {options.save_mapping} ({reason}). To mend: name a file that is not there yet",
            ) from error
    return batch


def _query(options: argparse.Namespace, settings: Settings, store: Store) -> int:
    from analytics.catalogue import load_catalogue
    from warehouse.query import Warehouse

    warehouse = Warehouse.open(store, settings.query)
    _notices(warehouse.info, options.language)
    if options.indicator not in load_catalogue():
        raise QueryError(f"ไม่รู้จักตัวชี้วัด {options.indicator!r}", f"unknown indicator {options.indicator!r}")
    years = warehouse.years(options.indicator, options.level)
    if options.source is not None:
        warehouse.source(options.source)
    if options.year_be is not None and years:
        year = options.year_be - 543
        if year not in years:
            have = ", ".join(str(y + 543) for y in years)
            raise StoreError(
                f"ไม่มีข้อมูล {options.indicator} ระดับ {options.level} ปี {options.year_be} ปีที่มี: {have}",
                f"no data of {options.indicator} at level {options.level} for B.E. {options.year_be}; years with data: {have}",
            )
    elif years:
        year = years[-1]
    else:
        have = ", ".join(warehouse.levels_with_data(options.indicator)) or "-"
        raise StoreError(
            f"ไม่มีข้อมูล {options.indicator} ระดับ {options.level} ระดับที่มี: {have}",
            f"no data of {options.indicator} at level {options.level}; levels with data: {have}",
        )
    frame = warehouse.values(
        options.indicator, level=options.level, year=year, within=options.area, source=options.source
    )
    rows = [_query_row(row) for row in frame[list(QUERY_COLUMNS)].itertuples(index=False)]
    if options.format == "json":
        json.dump(rows, sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    else:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(QUERY_COLUMNS)
        for row in rows:
            writer.writerow([_cell(row[name]) for name in QUERY_COLUMNS])
    return 0


def _sources(options: argparse.Namespace, settings: Settings, store: Store) -> int:
    from warehouse.query import Warehouse

    frame = Warehouse.open(store, settings.query).sources()
    records = [{k: _plain(v) for k, v in row.items()} for row in frame.to_dict("records")]
    if options.json:
        json.dump(records, sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
        return 0
    for row in records:
        title = row["title_th"] if options.language == "th" else row["title_en"]
        hidden = f" ({row['suppressed']:,})" if row["suppressed"] else ""
        print(f"{row['source_id']}\t{row['kind']}\t{row['observations']:,}\t{row['cells']}{hidden}\t{title}")
    return 0


def _check(options: argparse.Namespace, settings: Settings, store: Store) -> int:
    thai = options.language == "th"
    faults = 0
    print(f"Daomap {_version('daomap')}  Python {platform.python_version()}  {platform.platform()}")
    names = (
        "streamlit",
        "duckdb",
        "pandas",
        "pyarrow",
        "geopandas",
        "shapely",
        "pyogrio",
        "rasterio",
        "geothai",
    )
    print("  ".join(f"{name} {_version(name)}" for name in names))
    _look_at_readers(options.language)
    print(f"{'ตัวอ่านไฟล์' if thai else 'file readers'}: {_readers_line()}")
    print(f"{'การตั้งค่า' if thai else 'settings'}: {settings.file or '-'}")
    print(f"{'ที่เก็บข้อมูล' if thai else 'home'}: {store.home}")
    current = store.current()
    if current is None:
        _say("ยังไม่มีข้อมูล วิธีแก้: สั่ง daomap build" if thai else "no data yet. To mend: run daomap build")
        return 1
    faults += len(current.notices)
    _notices(current, options.language)
    for info in store.list():
        damaged = store.verify(info.id)
        faults += len(damaged)
        state = ("สมบูรณ์" if thai else "sound") if not damaged else ", ".join(damaged[:5])
        print(f"{'*' if info.id == current.id else ' '} {info.id}  {info.created}  {state}")
    return 1 if faults else 0


def _readers_line() -> str:
    """Under which measures files are read here; a dash where no reader starts."""
    from warehouse.intake import IntakeError, confinement

    try:
        found = confinement()
    except IntakeError:
        return "-"
    return f"{found.jail} ({', '.join(found.measures)})"


def _snapshots(options: argparse.Namespace, settings: Settings, store: Store) -> int:
    current = store.current()
    infos = store.list()
    if options.json:
        rows = [
            {"snapshot": i.id, "version": i.version, "created": i.created}
            | {"current": current is not None and i.id == current.id, "contents": i.contents}
            for i in infos
        ]
        json.dump(rows, sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
        return 0
    if current is not None:
        _notices(current, options.language)
    for info in infos:
        mark = "*" if current is not None and info.id == current.id else " "
        count = info.contents.get("observations", 0)
        unit = "ค่า" if options.language == "th" else "values"
        print(f"{mark} {info.id}  {info.created}  {count:,} {unit}")
    for run in store.runs()[-_RUNS:]:
        print(f"    {_run_line(run, options.language)}")
    return 0


def _journal(options: argparse.Namespace, settings: Settings, store: Store) -> int:
    runs = store.runs()
    unreadable = store.journal.read()[1]
    if options.json:
        json.dump([run.to_json() for run in runs], sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    else:
        for run in runs:
            print(_run_line(run, options.language))
    if unreadable:
        _say(
            f"อ่านไม่ได้ {unreadable:,} บรรทัด"
            if options.language == "th"
            else f"{unreadable:,} lines cannot be read"
        )
    return 0


def _run_line(run: Run, language: str) -> str:
    thai = language == "th"
    state = STATES.get(run.state, (run.state, run.state))[0 if thai else 1]
    rows = run.counts.get("rows_accepted", 0)
    taken = f"  {rows:,} {'แถว' if thai else 'rows'}" if rows else ""
    ids = "".join(f"  {i[:12]}" for i in run.imports)
    fault = f" ({run.error})" if run.error else ""
    return f"{run.started}  {run.kind}: {state}{fault}{taken}{ids}" + (
        f" -> {run.snapshot}" if run.snapshot else ""
    )


def _backup(options: argparse.Namespace, settings: Settings, store: Store) -> int:
    from warehouse.backup import backup

    started = time.monotonic()
    current = store.current()
    if current is not None:
        _notices(current, options.language)
    made = backup(store, options.file, everything=options.all, progress=Progress(options.language))
    seconds = time.monotonic() - started
    names = ", ".join(made.snapshots)
    print(
        f"สำรองไว้ที่ {made.file} แล้ว ({names}, {made.packed / 1e6:,.1f} MB, {seconds:.1f} วินาที) อ่านกลับตรวจครบทุกไฟล์"
        if options.language == "th"
        else f"backed up to {made.file} ({names}, {made.packed / 1e6:,.1f} MB, {seconds:.1f} s); read back and verified"
    )
    return 0


def _restore(options: argparse.Namespace, settings: Settings, store: Store) -> int:
    from warehouse.backup import restore

    thai = options.language == "th"
    if options.home is not None:
        store = Store(Path(options.home).expanduser().resolve(), settings.snapshots.keep)
    _tidy(store, options.language)
    started = time.monotonic()
    info, new = restore(store, options.file, force=options.force, progress=Progress(options.language))
    seconds = time.monotonic() - started
    if new:
        print(
            f"กู้คืนเป็นชุดข้อมูล {info.id} แล้วใน {seconds:.1f} วินาที"
            if thai
            else f"restored as {info.id} in {seconds:.1f} s"
        )
    else:
        print(
            f"ไม่มีอะไรใหม่: ข้อมูลในไฟล์สำรองคือชุดปัจจุบัน {info.id}"
            if thai
            else f"nothing new: what the backup holds is the current snapshot {info.id}"
        )
    return 0


def _mpi(options: argparse.Namespace, settings: Settings, store: Store) -> int:
    return mpi_command.compute(options, settings, Progress(options.language))


def _rollback(options: argparse.Namespace, settings: Settings, store: Store) -> int:
    _tidy(store, options.language)
    info = store.rollback(options.snapshot)
    print(f"ใช้ชุดข้อมูล {info.id} แล้ว" if options.language == "th" else f"the current snapshot is now {info.id}")
    return 0


# -- words ------------------------------------------------------------------


def _print_report(report: ImportReport, options: argparse.Namespace) -> None:
    if getattr(options, "json", False):
        json.dump(report.to_json(), sys.stdout, ensure_ascii=False, indent=1, default=str)
        sys.stdout.write("\n")
        return
    for line in report_lines(report, options.language or "th"):
        print(line)


def report_lines(report: ImportReport, language: str = "th") -> list[str]:
    """An import report in words, the rejections first."""
    thai = language == "th"
    lines = [
        f"{report.kind}: ไฟล์ {report.files:,} แถวที่อ่าน {report.rows_read:,} รับ {report.taken[0]:,} "
        f"ไม่รับ {report.taken[1]:,}"
        if thai
        else f"{report.kind}: {report.files:,} files, {report.rows_read:,} rows read, "
        f"{report.taken[0]:,} accepted, {report.taken[1]:,} rejected"
    ]
    for title_th, title_en, findings in (
        ("ไม่รับ", "refused", report.rejections),
        ("ข้อสังเกต", "warning", report.warnings),
    ):
        lines += [f"{title_th if thai else title_en}: {line}" for line in _first(findings, language)]
    for key, count in sorted(report.repairs.items()):
        lines.append(f"{'ซ่อมให้' if thai else 'repaired'}: {key} × {count:,}")
    failed = [c for c in report.checks if not c.passed]
    lines.append(
        f"ตรวจสอบ {len(report.checks)} ข้อ ผ่าน {len(report.checks) - len(failed)}"
        if thai
        else f"{len(report.checks)} checks, {len(report.checks) - len(failed)} passed"
    )
    for check in failed:
        name = check.name_th if thai else check.name_en
        lines.append(f"{'ไม่ผ่าน' if thai else 'failed'}: {name} ({check.failures:,}/{check.cells:,})")
    lines += [report.facts["sentence"][language]] if "sentence" in report.facts else []
    for raster in report.facts.get("rasters", ()):
        lines += _raster_lines(raster, thai)
    for moved in report.facts.get("moved", ()):
        wrong, right = (moved[key] for key in ("from", "to"))
        lines.append(
            f"แสงกลางคืน: {moved['product']} ไฟล์เดียวกันนี้เคยเป็นปี {wrong + 543} ({wrong}) ย้ายเป็นปี {right + 543} ({right})"
            if thai
            else f"night light: {moved['product']}: this very file stood as {wrong} and is {right} now; {wrong} was taken out"
        )
    if report.kind == "villages":
        lines += _village_lines(report.facts, thai)
    for withheld in report.facts.get("withheld", ()):
        lines += _withheld_lines(withheld, thai)
    for mapping in report.facts.get("mapping", ()) if report.kind == "places" else ():
        lines += _mapping_lines(mapping, thai)
    if (found := report.facts.get("places")) is not None:
        lines.append(
            f"สถานที่: {found['places']:,} มีพิกัด {found['with_coordinates']:,} (โดยประมาณ {found['approximate']:,})"
            if thai
            else f"places: {found['places']:,}, {found['with_coordinates']:,} with coordinates "
            f"({found['approximate']:,} approximate)"
        )
        lines += [f"  {grade} {many:,}" for grade, many in found["grades"].items()]
    if report.snapshot is not None:
        lines.append(f"{'ชุดข้อมูล' if thai else 'snapshot'}: {report.snapshot}")
    elif report.refused:
        lines.append("ไม่ได้เผยแพร่ ไม่มีอะไรเปลี่ยน" if thai else "not published; nothing changed")
    return lines


def _raster_lines(raster: dict[str, Any], thai: bool) -> list[str]:
    """What a raster was taken for, and what is in it."""
    year = raster["year"]
    period = " – ".join(raster["period"]) if raster["period"][0] else ("ไม่ระบุ" if thai else "not stated")
    if raster["period_assumed"]:
        period += (
            " (ชื่อไฟล์ไม่ได้บอก ใช้ช่วงที่ทราบของผลิตภัณฑ์)" if thai else " (not in the name: as known of the product)"
        )
    how = {
        "name": ("จากชื่อไฟล์", "by its name"),
        "tags": ("จากข้อมูลในไฟล์", "by its tags"),
        "nothing": ("ตามคำสั่ง", "as the command says"),
    }[raster["how"]][0 if thai else 1]
    window = ", ".join(f"{v:.3f}" for v in raster["window"])
    if raster["pixel_published"]:
        here, published = (f"{v:.6g}°" for v in (raster["pixel_degrees"][0], raster["pixel_published"]))
        window += (
            f" ขนาดช่อง {here} ไม่ใช่ {published} ของผู้จัดทำ"
            if thai
            else f"; cells of {here}, not {published} as published"
        )
    mask = raster["mask"] or "-"
    if thai:
        return [
            f"แสงกลางคืน: {raster['product']} ({raster['name_th']}) {how} หน่วย {raster['unit']} เครื่องวัด {raster['sensor']}",
            f"  ปี {year + 543} ({year}) ช่วงเวลา {period} การคัดกรอง {mask} ถือว่าสว่างเมื่อมากกว่า {raster['lit_threshold']:g}",
            f"  กรอบ {window} ช่อง {raster['cells']:,} มีในไฟล์ {raster['covered']:,} ไม่มีข้อมูล {raster['nodata']:,} "
            f"มีค่า {100 * raster['land_share']:.1f} % ของแผ่นดินไทย "
            f"ติดลบ {raster['negative']:,} ไม่ใช่จำนวน {raster['not_finite'] + raster['undeclared']:,}",
        ]
    return [
        f"night light: {raster['product']} ({raster['name_en']}) {how}; unit {raster['unit']}; sensor {raster['sensor']}",
        f"  year {year} (B.E. {year + 543}); period {period}; mask {mask}; lit above {raster['lit_threshold']:g}",
        f"  window {window}; {raster['cells']:,} cells, {raster['covered']:,} in the file, {raster['nodata']:,} no data, "
        f"{100 * raster['land_share']:.1f} % of Thailand's land has values, "
        f"{raster['negative']:,} negative, {raster['not_finite'] + raster['undeclared']:,} no numbers",
    ]


def _village_lines(facts: dict[str, Any], thai: bool) -> list[str]:
    """What became of the villages of an import, and how much of its specification was checked."""
    lines = []
    if spec := facts.get("spec"):
        scores, missing = facts["scores"], facts["missing_scores"]
        out = facts.get("not_applicable", 0)
        lines.append(
            f"คะแนน {scores:,} ค่า ในนั้นไม่เกี่ยวข้อง {out:,} ค่า ไม่มีคะแนน {missing:,} ช่อง ตามข้อกำหนด {spec['id']}"
            if thai
            else f"{scores:,} scores, {out:,} of them taken as not applicable, {missing:,} cells without one, "
            f"by the specification {spec['id']}"
        )
        if not spec["verified"]:
            lines.append(
                f"ยังไม่ยืนยัน: ตัวชี้วัด {spec['unverified_indicators']} ตัวของข้อกำหนดนี้ยังไม่ได้ตรวจกับคู่มือ"
                + ("" if spec["cuts_verified"] else " และเกณฑ์แบ่งระดับด้วย")
                if thai
                else f"not verified: {spec['unverified_indicators']} indicators of this specification were not checked "
                "against a manual" + ("" if spec["cuts_verified"] else ", nor were the cuts of the levels")
            )
    if points := facts.get("points_in_file"):
        by = ", ".join(f"{how} {n:,}" for how, n in facts["points_by_how"].items())
        out = ", ".join(f"{reason} {n:,}" for reason, n in facts.get("left_out", {}).items()) or "0"
        again = facts.get("repeated_points", 0)
        lines.append(
            f"จุด {points:,} จุด รับ {facts['points']:,} ({by}) ไม่รับ ({out}) พิกัดซ้ำ {again:,}"
            if thai
            else f"{points:,} points: {facts['points']:,} taken ({by}), left out ({out}), {again:,} of repeated coordinates"
        )
    named = facts.get("named", 0)
    lines.append(
        f"หมู่บ้าน {facts['villages']:,} แห่ง มีชื่อ {named:,} ใหม่ {facts['new_villages']:,}"
        if thai
        else f"{facts['villages']:,} villages, {named:,} of them named, {facts['new_villages']:,} new"
    )
    return lines


def _mapping_lines(mapping: dict[str, Any], thai: bool) -> list[str]:
    """What each column of a table of places was taken for."""
    layout = mapping["layout"] or ("เดาจากหัวคอลัมน์" if thai else "guessed from the headings")
    lines = [f"{'คอลัมน์ของ' if thai else 'columns of'} {mapping['file']} ({layout}, {mapping['kind'] or '-'})"]
    lines += [f"  {role} = {heading}" for role, heading in mapping["columns"].items()]
    if mapping["unread"]:
        lines.append(f"  {'ไม่อ่าน' if thai else 'not read'}: {', '.join(mapping['unread'])}")
    return ["".join(c if c.isprintable() else "?" for c in line) for line in lines]


def _withheld_lines(withheld: dict[str, Any], thai: bool) -> list[str]:
    lines = []
    for row in withheld["levels"]:
        level, cells, first, second = (row[k] for k in ("level", "cells", "primary", "secondary"))
        place = f"{withheld['source']} {withheld['year'] + 543} {level}"
        lines.append(
            f"ปกปิด {place}: {first:,} ค่าที่น้อย และ {second:,} ค่าเพื่อไม่ให้คำนวณย้อนกลับได้ จาก {cells:,} ค่า"
            if thai
            else f"withheld {place}: {first:,} small counts and {second:,} more to keep them hidden, of {cells:,}"
        )
    return lines


def _first(findings: Sequence[Finding], language: str) -> list[str]:
    lines = [f.line(language) for f in findings[:_SHOWN]]
    if len(findings) > _SHOWN:
        rest = len(findings) - _SHOWN
        lines.append(
            f"และอีก {rest:,} รายการ (ดูด้วย --json)" if language == "th" else f"and {rest:,} more (see --json)"
        )
    return lines


def _tidy(store: Store, language: str) -> None:
    """Put in order what a killed work left and say what it was; a home that cannot be written is served all the same."""
    try:
        for notice in store.sweep():
            _say(notice.text(language))
    except StoreError as error:
        _say(error.text(language))


def _notices(info: SnapshotInfo, language: str) -> None:
    for notice in info.notices:
        _say(notice.text(language))


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _query_row(row: Any) -> dict[str, Any]:
    return {name: _plain(value) for name, value in zip(QUERY_COLUMNS, row, strict=True)}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else int(value) if value.is_integer() else value
    if hasattr(value, "tolist"):
        return value.tolist()
    import pandas as pd

    if not isinstance(value, (list, dict)) and pd.isna(value):
        return None
    return value


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    from analytics.formatting import safe_cell

    return safe_cell(value)


def _desk(options: argparse.Namespace, settings: Settings, store: Store) -> int:
    from warehouse.desk.command import run

    return run(options, settings, store)


# -- plumbing ---------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--language", choices=("th", "en"), help="language of messages; default from config.toml"
    )
    parser = argparse.ArgumentParser(
        prog="daomap", description="ดาวแมป: a Thai-first map dashboard of poverty", parents=[shared]
    )
    parser.add_argument("--version", action="version", version=f"daomap {_version('daomap')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, run: Callable[..., int], help_text: str) -> argparse.ArgumentParser:
        # SUPPRESS keeps a --language given before the command from being overwritten after it.
        command = commands.add_parser(name, help=help_text)
        command.add_argument("--language", choices=("th", "en"), default=argparse.SUPPRESS)
        command.set_defaults(run=run)
        return command

    command = add("build", _build, "make the snapshot of the shipped figures, where it is not there yet")
    command.add_argument("--force", action="store_true", help="compute everything again")
    command = add("demo", _demo, "make the synthetic country, for workshops and tests")
    command.add_argument("--seed", type=int, default=1, metavar="N", help="another number, another country")
    command.add_argument(
        "--scale", type=float, default=0.03, metavar="S", help="rows for each surveyed person, up to 1 (0.03)"
    )
    command.add_argument("--people", metavar="DIR", help="keep persons and households there, as Parquet")
    command.add_argument("--people-only", action="store_true", help="write the persons and publish nothing")
    command.add_argument(
        "--home", metavar="DIR", help="data home; the workshop's snapshot goes into its folder workshop"
    )
    command = add("serve", _serve, "start the dashboard")
    command.add_argument("--port", type=_port)
    command.add_argument("--address")
    command.add_argument("--headless", action="store_true", help="do not open a browser")
    command = add("import", _import, "read files of an agency and publish a new snapshot")
    command.add_argument("kind", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    command.add_argument("paths", nargs="+", metavar="PATH", help="files, zip files or folders")
    years = command.add_mutually_exclusive_group()
    years.add_argument("--year-be", type=_year_be, help="Buddhist year, where the files do not say")
    years.add_argument("--year", type=_year_ce, help="the same in the common era (nightlight)")
    command.add_argument("--product", metavar="ID", help="product, where the files do not say (nightlight)")
    command.add_argument(
        "--observations",
        action="append",
        metavar="FILE",
        help="raster of cloud-free observations, cf_cvg (nightlight)",
    )
    command.add_argument(
        "--level", choices=("province", "district", "subdistrict"), help="level of the boundaries"
    )
    command.add_argument(
        "--definition",
        choices=("working", "counted", "unstated"),
        help="unpaid family workers count as working, count as NEET, or it is not stated (neet)",
    )
    command.add_argument(
        "--title",
        "--source-title",
        help="what the source is called, where the file does not say (mpi, neet, places, table, villages)",
    )
    command.add_argument(
        "--sheet",
        action="append",
        metavar="NAME",
        help="sheet of the workbook; may be given several times (table)",
    )
    command.add_argument(
        "--mapping",
        metavar="FILE.toml",
        help="what the columns are, as --save-mapping wrote it (places, table)",
    )
    command.add_argument(
        "--save-mapping",
        metavar="FILE.toml",
        help="write what the columns are taken for, to be edited (places, table)",
    )
    command.add_argument(
        "--report", metavar="FILE.xlsx", help="write what became of the rows, failing ones whole (table)"
    )
    command.add_argument("--yes", action="store_true", help="publish without asking (table)")
    command.add_argument(
        "--replace",
        action="store_true",
        help="take away what the source said of these years (table), or of provinces the files leave out (places)",
    )
    command.add_argument(
        "--kind",
        dest="place_kind",
        choices=("health", "school", "office", "other"),
        help="what the places are, where the file does not say (places)",
    )
    command.add_argument(
        "--place-at-subdistrict",
        action="store_true",
        help="put rows without coordinates at an inner point of their subdistrict, marked approximate (places)",
    )
    command.add_argument(
        "--spec", metavar="ID|FILE", help="specification of กชช.2ค; default that of the year (villages)"
    )
    answers = command.add_mutually_exclusive_group()
    answers.add_argument(
        "--scores", action="store_true", help="indicator columns hold scores 1, 2, 3: the default (villages)"
    )
    answers.add_argument(
        "--raw", action="store_true", help="they hold answers, scored by the specification's rules (villages)"
    )
    cells = command.add_mutually_exclusive_group()
    cells.add_argument(
        "--published",
        dest="cells",
        action="store_const",
        const="published",
        help="show every cell: its owner has published these very cells (tpmap, neet, table, mpi)",
    )
    cells.add_argument(
        "--protected",
        dest="cells",
        action="store_const",
        const="protected",
        help="hide small counts, and as many others as keep them hidden (tpmap, neet, table)",
    )
    command.add_argument(
        "--synthetic",
        action="store_true",
        help="all persons are invented (mpi), with impossible citizens' numbers (households)",
    )
    command.add_argument(
        "--income-line",
        type=int,
        metavar="BAHT",
        help="baht a person and year for indicator 22, where none is verified for the year (households)",
    )
    # Who runs the command could open the file anyway; what came through the web is read by confined workers or not at all.
    command.set_defaults(confined_only=False)
    command.add_argument("--dry-run", action="store_true", help="read and check only; publish nothing")
    command.add_argument("--json", action="store_true", help="print the import report as JSON")
    command = add("desk", _desk, "officers' lists of households, on this machine only")
    command.add_argument(
        "work", nargs="?", choices=DESK_WORKS, default="serve", metavar="WORK", help=", ".join(DESK_WORKS)
    )
    command.add_argument("--out", metavar="DIR", help="new folder for the keys (keys)")
    command.add_argument("--verify", action="store_true", help="follow the chain, print no lines (audit)")
    command.add_argument("--port", type=_port, help="port of the desk (serve)")
    command.add_argument("--headless", action="store_true", help="do not open a browser (serve)")
    command = add("query", _query, "print one indicator, as a page would show it")
    command.add_argument("indicator", metavar="INDICATOR")
    command.add_argument(
        "--level", required=True, choices=("country", "province", "district", "subdistrict", "village")
    )
    command.add_argument("--year-be", type=_year_be, help="Buddhist year; default the latest with data")
    command.add_argument("--area", default="TH", help="code of the area to stay in; default TH")
    command.add_argument("--format", choices=("csv", "json"), default="csv")
    command.add_argument("--source", help="source id instead of the preferred source; see `daomap sources`")
    command = add("sources", _sources, "list the sources in the snapshot")
    command.add_argument("--json", action="store_true")
    add("check", _check, "look over settings, home and the hashes of every snapshot")
    command = add("snapshots", _snapshots, "list the snapshots; * is the current one")
    command.add_argument("--json", action="store_true")
    command = add("journal", _journal, "list every import and other work, and how it ended")
    command.add_argument("--json", action="store_true")
    command = add("backup", _backup, "write the current snapshot into one file, read back and verified")
    command.add_argument("file", metavar="FILE.tar.gz", help="must not exist yet")
    command.add_argument("--all", action="store_true", help="every sound snapshot, not only the current one")
    command = add("restore", _restore, "publish what a backup holds, once every hash in it is right")
    command.add_argument("file", metavar="FILE.tar.gz")
    command.add_argument("--home", metavar="DIR", help="another home than that of the settings")
    command.add_argument("--force", action="store_true", help="also into a home that has data")
    command = add("rollback", _rollback, "go back to an earlier snapshot")
    command.add_argument("snapshot", nargs="?", metavar="ID", help="default: the one before the current")
    mpi_command.arguments(add("mpi", _mpi, "compute multidimensional poverty from tables of persons"))
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (1 to 65535)")
    return int(text)


def _year_be(text: str) -> int:
    if not text.isdecimal() or not 2400 <= int(text) <= 2700:
        raise argparse.ArgumentTypeError(f"{text!r} is not a Buddhist year (2400 to 2700)")
    return int(text)


def _year_ce(text: str) -> int:
    if not text.isdecimal() or not 1900 <= int(text) <= 2200:
        hint = f"; --year-be {text}" if text.isdecimal() and 2400 <= int(text) <= 2700 else ""
        raise argparse.ArgumentTypeError(f"{text!r} is not a year of the common era (1900 to 2200){hint}")
    return int(text)


def _port_free(address: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name != "nt":
            # As the server will do; on Windows this option would let two servers share the port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"


def _utf8() -> None:
    # A Windows console may be on code page 874, which lacks half of what we print.
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")


def _exit() -> NoReturn:
    raise SystemExit(main())


if __name__ == "__main__":
    _exit()
