"""``daomap desk`` and ``daomap import households``: the commands of the officers' desk."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from warehouse.desk.audit import Audit
from warehouse.desk.errors import DeskError, DeskOff
from warehouse.desk.keys import Keys, find_keys, make_keys
from warehouse.desk.store import About, DeskStore
from warehouse.report import ImportRefused
from warehouse.settings import ROOT, Settings
from warehouse.snapshots import Store

CODE_VARIABLE: Final = "DAOMAP_DESK_CODE"
_LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


def run(options: argparse.Namespace, settings: Settings, store: Store) -> int:
    """Do one work of ``daomap desk``; errors are raised as `DeskError`."""
    thai = options.language == "th"
    if options.work == "keys":
        return _keys(options, thai)
    return {"serve": _serve, "status": _status, "audit": _audit, "aggregate": _aggregate}[options.work](
        options, settings, store, thai
    )


def import_households(options: argparse.Namespace, settings: Settings) -> int:
    """``daomap import households FILE...``.

    Raises
    ------
    ImportRefused, DeskError
    """
    from warehouse.cli import Progress, report_lines
    from warehouse.desk.read import read_people
    from warehouse.intake import Confinement, Intake, IntakeError

    thai = options.language == "th"
    keys = find_keys(settings)
    desk = open_desk(settings, keys)
    progress = Progress(options.language)
    year = options.year if options.year_be is None else options.year_be - 543
    try:
        with Intake(workers=settings.import_.workers) as intake:
            if not intake.confined:
                print(Confinement("none", intake.measures).text(options.language), file=sys.stderr)
            report, people = read_people(
                [Path(p) for p in options.paths],
                intake,
                keys,
                year=year,
                synthetic=options.synthetic,
                income_line=options.income_line,
                progress=lambda done, total, _text: progress("read", 0.5 * done / max(total, 1)),
            )
    except IntakeError as error:
        raise DeskError(f"เปิดตัวอ่านไฟล์ไม่ได้: {error}", f"cannot start the file readers: {error}") from None
    if people is None:
        raise ImportRefused(report)
    nothing_new = False
    if not options.dry_run:
        before = desk.about()
        nothing_new = before is not None and before.holds(people.import_id, replace=options.replace)
        if not nothing_new:
            progress("write", 0.5)
            audit = Audit(desk.home, keys, before.audit if before is not None else None)
            counts = {name: int(str(report.facts[name])) for name in ("households", "persons")}
            # The store remembers this line, so it stands before the store is written.
            begun = audit.append("importing", **counts)
            about = desk.write(people, replace=options.replace, audit=begun)
            progress("write", 1.0)
            audit.append("imported", **counts)
            report.facts["store"] = {"households": about.households, "persons": about.persons}
    if options.json:
        json.dump(report.to_json(), sys.stdout, ensure_ascii=False, indent=1, default=str)
        sys.stdout.write("\n")
        return 0
    for line in (*report_lines(report, options.language), *_facts(report.facts, thai)):
        print(line)
    if nothing_new:
        print("ไม่มีอะไรใหม่: ไฟล์ชุดนี้อยู่ในที่เก็บแล้ว" if thai else "nothing new: these very files are in the store")
    return 0


def open_desk(settings: Settings, keys: Keys) -> DeskStore:
    """The store of these settings.

    Raises
    ------
    DeskOff
        When it would lie inside the home of the public app, or the other way round.
    """
    home, public = settings.desk_home, settings.home
    if home == public or public in home.parents or home in public.parents:
        raise DeskOff(
            f"โฟลเดอร์ครัวเรือน ({home}) ต้องแยกจากข้อมูลสาธารณะ ({public}) วิธีแก้: ตั้ง desk.home หรือ DAOMAP_DESK_HOME",
            f"the folder of households ({home}) must lie apart from public data ({public}). To mend: set desk.home or "
            "DAOMAP_DESK_HOME",
        )
    return DeskStore(home, keys)


def allowed(settings: Settings, about: About | None) -> About:
    """What the store holds, where it may be looked at.

    Raises
    ------
    DeskOff
        When it is empty, or holds real persons and ``desk.single_user`` is not on.
    """
    if about is None:
        raise DeskOff(
            "ยังไม่มีครัวเรือนในที่เก็บ วิธีแก้: daomap import households FILE...",
            "there are no households in the store yet. To mend: daomap import households FILE...",
        )
    if not about.synthetic and not settings.desk.single_user:
        raise DeskOff(
            "ที่เก็บมีข้อมูลคนจริง และยังไม่มีระบบบัญชีผู้ใช้ จึงไม่เปิด วิธีแก้: ถ้ามีเจ้าหน้าที่คนเดียวใช้เครื่องนี้ ตั้ง single_user = true ใน [desk] ของ "
            "config.toml",
            "the store holds real persons and there are no accounts yet, so it is not opened. To mend: where one officer alone "
            "uses this machine, set single_user = true under [desk] in config.toml",
        )
    return about


def _facts(facts: dict[str, object], thai: bool) -> list[str]:
    kind = ("สังเคราะห์" if thai else "synthetic") if facts["synthetic"] else ("คนจริง" if thai else "real")
    return [
        f"ครัวเรือน {facts['households']:,} บุคคล {facts['persons']:,} มีเลขประจำตัวที่ตรวจแล้ว {facts['citizens']:,} ({kind})"
        if thai
        else f"{facts['households']:,} households, {facts['persons']:,} persons, {facts['citizens']:,} with a number ({kind})"
    ]


def _keys(options: argparse.Namespace, thai: bool) -> int:
    if options.out is None:
        raise DeskError("ระบุโฟลเดอร์ด้วย --out DIR", "name a folder with --out DIR")
    folder = make_keys(Path(options.out))
    print(
        f"สร้างกุญแจสองดอกใน {folder} แล้ว สำรองทั้งสองไว้คนละที่กับข้อมูล ถ้าหาย เปิดข้อมูลไม่ได้อีก\nใช้: export DAOMAP_DESK_KEYS={folder}"
        if thai
        else f"made two keys in {folder}. Back both up, apart from the data: without them the data cannot be opened again\n"
        f"Use: export DAOMAP_DESK_KEYS={folder}"
    )
    return 0


def _status(options: argparse.Namespace, settings: Settings, _store: Store, thai: bool) -> int:
    desk = open_desk(settings, find_keys(settings))
    about = allowed(settings, desk.about())
    years = ", ".join(str(y + 543 if thai else y) for y in about.years)
    kind = ("สังเคราะห์" if thai else "synthetic") if about.synthetic else ("คนจริง" if thai else "real")
    print(
        f"{desk.home}: ครัวเรือน {about.households:,} บุคคล {about.persons:,} ปี {years} ({kind})"
        if thai
        else f"{desk.home}: {about.households:,} households, {about.persons:,} persons, {years} ({kind})"
    )
    return 0


def _audit(options: argparse.Namespace, settings: Settings, _store: Store, thai: bool) -> int:
    desk = open_desk(settings, find_keys(settings))
    about = desk.about()
    audit = Audit(desk.home, desk.keys, about.audit if about is not None else None)
    verdict = audit.verify()
    if verdict.broken is not None:
        raise DeskError(
            f"ไฟล์บันทึกการเปิดดูถูกแก้ไขหรือขาดหายที่บรรทัด {verdict.broken}",
            f"the audit file was changed or cut at line {verdict.broken}",
        )
    if verdict.torn:
        print(
            "บรรทัดสุดท้ายเขียนไม่จบ (เช่น ไฟดับ) และไม่มีการเปิดข้อมูลจากบรรทัดนั้น จะถูกแยกเก็บเมื่อเขียนครั้งต่อไป"
            if thai
            else "the last line was never finished (a power cut, say) and nothing was opened for it; the next one sets it aside",
            file=sys.stderr,
        )
    if not options.verify and audit.path.exists():
        sys.stdout.write(audit.path.read_text("utf-8"))
    print(
        f"ถูกต้องครบ {verdict.lines:,} บรรทัด" if thai else f"all {verdict.lines:,} lines hold", file=sys.stderr
    )
    return 0


def _aggregate(options: argparse.Namespace, settings: Settings, store: Store, thai: bool) -> int:
    from warehouse.desk.aggregate import publish_groups

    keys = find_keys(settings)
    desk = open_desk(settings, keys)
    about = allowed(settings, desk.about())
    audit = Audit(desk.home, keys, about.audit)
    info, rows = publish_groups(desk, about, settings, store)
    audit.append("aggregated", snapshot=info.id, rows=rows)
    print(
        f"เผยแพร่จำนวนรายพื้นที่ {rows:,} ค่า ในชุดข้อมูล {info.id} ค่าที่น้อยถูกปกปิดแล้ว"
        if thai
        else f"published {rows:,} counts by area in {info.id}; small ones are hidden"
    )
    return 0


def _serve(options: argparse.Namespace, settings: Settings, _store: Store, thai: bool) -> int:
    keys = find_keys(settings)
    desk = open_desk(settings, keys)
    about = allowed(settings, desk.about())
    desk.close()
    spec = find_spec("desk")
    app = Path(spec.origin).with_name("app.py") if spec is not None and spec.origin else None
    if app is None or not app.is_file():
        raise DeskError("ไม่พบหน้าจอของโต๊ะเจ้าหน้าที่", "the screens of the desk are not installed")
    if not about.synthetic:
        print(
            "คำเตือน: ที่เก็บมีข้อมูลคนจริง ใช้ได้เฉพาะเมื่อมีเจ้าหน้าที่คนเดียวใช้เครื่องนี้ ล็อกหน้าจอเมื่อลุกจากโต๊ะ"
            if thai
            else "warning: the store holds real persons. One officer alone may use this machine; lock the screen when leaving",
            file=sys.stderr,
        )
    Audit(desk.home, keys, about.audit).append("started", synthetic=str(about.synthetic))
    port = options.port or settings.desk.port
    code = "".join(secrets.choice(_LETTERS) for _ in range(8))
    print(f"{'โต๊ะเจ้าหน้าที่' if thai else 'desk'}: http://127.0.0.1:{port}", flush=True)
    print(f"{'รหัสเปิด' if thai else 'unlock code'}: {code}", flush=True)
    command = [sys.executable, "-m", "streamlit", "run", str(app), "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true" if options.headless else "false"]
    # No message is kept by its hash for another request, and nothing can be uploaded.
    command += ["--global.minCachedMessageSize", "1000000000", "--server.maxUploadSize", "1"]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | {CODE_VARIABLE: code}) as server:
        if hasattr(signal, "SIGTERM"):
            signal.signal(signal.SIGTERM, lambda _number, _frame: server.terminate())
        try:
            done = server.wait()
        except KeyboardInterrupt:
            done = server.wait()
    return 0 if done in (0, -signal.SIGTERM, -signal.SIGINT) else 1
