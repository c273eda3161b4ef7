"""``daomap import table``: shows what a table is taken for, and publishes nothing that nobody confirmed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from warehouse.batch import Batch
from warehouse.intake import Intake, IntakeError
from warehouse.report import ImportRefused, QueryError
from warehouse.settings import Settings
from warehouse.snapshots import SnapshotInfo, Store, StoreError
from warehouse.sources.table import Table, read_table, report_workbook
from warehouse.sources.table_plan import Plan, plan_toml, read_plan
from warehouse.table_neighbours import meet


def confirmed_plan(
    options: argparse.Namespace, settings: Settings, store: Store, ask: Callable[[str], str] = input
) -> tuple[Plan | None, int | None]:
    """The plan to go by, or the exit code when nothing is to be published now.

    The file is read once without the lock: a person who thinks about a plan keeps no other importer waiting.

    Parameters
    ----------
    options : Namespace
        Of the command line: ``mapping, save_mapping, yes, dry_run, language`` and those `read` uses.
    settings : Settings
    store : Store
    ask : callable
        Asks a person at a terminal.

    Returns
    -------
    Plan or None
        None where the proposal goes without being asked for (``--yes``, ``--dry-run``).
    int or None

    Raises
    ------
    QueryError
        For a mapping that cannot be read, or a file that cannot be written.
    ImportRefused
        When the table is refused.
    """
    thai = options.language == "th"
    plan = load_plan(Path(options.mapping)) if options.mapping else None
    if plan is not None and options.title and options.title not in (plan.title_th, plan.title_en):
        raise QueryError(
            f"--source-title {options.title!r} ไม่ตรงกับชื่อในไฟล์ mapping {plan.title_th!r} วิธีแก้: แก้ [source] ในไฟล์ mapping "
            "หรือไม่ใช้ --source-title",
            f"--source-title {options.title!r} is not the title in the mapping {plan.title_th!r}. To mend: change [source] in "
            "the mapping, or leave --source-title out",
        )
    if plan is not None and not options.save_mapping:
        return plan, None
    if options.yes and not options.save_mapping:
        return None, None
    options.plan = plan
    current = store.current()
    with Intake(workers=settings.import_.workers) as intake:
        table = read_whole(options, settings, current, intake)
    if table.plan is None or (table.batch.report.refused and not options.save_mapping):
        if options.report:
            _write(Path(options.report), report_workbook(table))
        raise ImportRefused(table.batch.report)
    shown = sys.stderr if options.json else sys.stdout
    for line in table.plan.lines(options.language):
        print(line, file=shown)
    if "sentence" in table.batch.report.facts:
        print(table.match.sentence(options.language), file=shown)
    if options.save_mapping:
        _write(Path(options.save_mapping), plan_toml(table.plan).encode())
        saved = options.save_mapping
        print(
            f"เขียน {saved} แล้ว แก้ไขแล้วสั่ง daomap import table FILE --mapping {saved}"
            if thai
            else f"wrote {saved}; edit it, then: daomap import table FILE --mapping {saved}",
            file=shown,
        )
        return (table.plan, None) if options.yes else (None, 0)
    if options.dry_run:
        return table.plan, None
    if sys.stdin is not None and sys.stdin.isatty():
        answer = ask("เผยแพร่ตามนี้หรือไม่ [y/N] " if thai else "publish this? [y/N] ")
        if answer.strip().casefold() in ("y", "yes", "ใช่"):
            return table.plan, None
        print("ไม่ได้เผยแพร่ ไม่มีอะไรเปลี่ยน" if thai else "not published; nothing changed", file=sys.stderr)
        return None, 1
    print(
        "ยังไม่เผยแพร่: ตรวจรายการข้างบน แล้วสั่งอีกครั้งด้วย --yes หรือแก้ไขด้วย --save-mapping FILE.toml และ --mapping FILE.toml"
        if thai
        else "not published yet: check the list above, then repeat with --yes, or change it with --save-mapping FILE.toml and "
        "--mapping FILE.toml",
        file=sys.stderr,
    )
    return None, 1


def load_plan(path: Path) -> Plan:
    """Read a mapping file.

    Raises
    ------
    QueryError
        When it cannot be read, is too large to be one, or is no mapping.
    """
    try:
        data = path.read_bytes()
        if len(data) > 1_000_000:
            raise OSError("more than 1 MB")
        text = data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise QueryError(
            f"อ่านไฟล์ mapping {path.name} ไม่ได้: {error} วิธีแก้: เขียนใหม่ด้วย --save-mapping",
            f"cannot read the mapping {path.name}: {error}. To mend: write it anew with --save-mapping",
        ) from error
    return read_plan(text)


def read(
    options: argparse.Namespace,
    settings: Settings,
    current: SnapshotInfo | None,
    intake: Intake,
    progress: Callable[[int, int, str], None] | None = None,
) -> Batch:
    """Read the table of a command, write its report where one is asked for, and return what would be published."""
    table = read_whole(options, settings, current, intake, progress)
    if options.report:
        _write(Path(options.report), report_workbook(table))
    return table.batch


def read_whole(
    options: argparse.Namespace,
    settings: Settings,
    current: SnapshotInfo | None,
    intake: Intake,
    progress: Callable[[int, int, str], None] | None = None,
) -> Table:
    """Read the table of a command, hold it against what is published, and keep what became of its rows."""
    paths: Sequence[Path] = [Path(p) for p in options.paths]
    if len(paths) != 1:
        raise QueryError(
            "นำเข้าตารางทีละไฟล์ หลายปีในไฟล์เดียวใช้ --sheet ซ้ำได้",
            "import one table at a time; years in sheets of one file can be given with several --sheet",
        )
    given = options.cells is not None

    def protected(source_id: str) -> bool:
        if given or current is None:
            return bool(options.cells == "protected")
        from warehouse.query import Warehouse

        # What is protected stays so until somebody says otherwise.
        house = Warehouse(current)
        known = house.sources().set_index("source_id")["cells"]
        house.close()
        return bool(known.get(source_id) == "protected")

    try:
        table = read_table(
            paths[0],
            intake,
            sheets=options.sheet or (),
            plan=options.plan,
            year_be=options.year_be,
            title=options.title,
            protected=protected,
            cells_given=given,
            minimum=settings.privacy.minimum,
            progress=progress,
        )
    except IntakeError as error:
        raise StoreError(f"เปิดตัวอ่านไฟล์ไม่ได้: {error}", f"cannot start the file readers: {error}") from error
    if table.plan is not None and not table.batch.report.refused:
        meet(table, current, protected=protected(table.plan.source_id), replace=options.replace)
    table.batch.shown_as(options.cells or "published", given=given)
    return table


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise QueryError(
            f"เขียน {path.name} ไม่ได้: {error.strerror} วิธีแก้: เลือกโฟลเดอร์ที่เขียนได้",
            f"cannot write {path.name}: {error.strerror}. To mend: choose a folder that can be written to",
        ) from error
