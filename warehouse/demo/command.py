"""``daomap demo``: the synthetic country from the command line."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from warehouse.demo.people import PeopleReport, write_people
from warehouse.demo.publication import publish_demo
from warehouse.settings import Settings
from warehouse.workshop import workshop_home


def run(options: argparse.Namespace, settings: Settings, progress: Callable[[str, float], None]) -> int:
    """Write the persons, publish the workshop's snapshot, or both, and say what came out.

    Parameters
    ----------
    options : argparse.Namespace
        ``seed, scale, people, people_only, home, language``.
    settings : Settings
    progress : callable
    """
    thai = options.language == "th"
    home = Path(options.home).expanduser().resolve() if options.home else settings.home
    people = Path(options.people).expanduser().resolve() if options.people else None
    started = time.monotonic()
    if not 0 < options.scale <= 1 or options.seed < 0:
        found = f"--scale {options.scale}, --seed {options.seed}"
        print(
            f"พบ {found} ควรเป็น --scale มากกว่า 0 และไม่เกิน 1 และ --seed ตั้งแต่ 0"
            if thai
            else f"found {found}, expected --scale above 0 and up to 1, and --seed from 0 on"
        )
        return 2
    if options.people_only:
        if people is None:
            print("ระบุ --people DIR" if thai else "give --people DIR")
            return 2
        report = write_people(
            people, seed=options.seed, scale=options.scale, progress=lambda part: progress("people", part)
        )
        _say(report, thai)
        print(f"{people} ({time.monotonic() - started:.1f} s)")
        return 0
    info, report = publish_demo(
        home, settings, seed=options.seed, scale=options.scale, people=people, progress=progress
    )
    _say(report, thai)
    seconds = time.monotonic() - started
    where = workshop_home(home)
    print(
        f"สร้างชุดข้อมูลอบรม {info.id} ใน {where} ({seconds:.1f} วินาที) เปิดด้วย DAOMAP_HOME={where} daomap serve"
        if thai
        else f"made the workshop's snapshot {info.id} in {where} ({seconds:.1f} s); open it with "
        f"DAOMAP_HOME={where} daomap serve"
    )
    return 0


def _say(report: PeopleReport, thai: bool) -> None:
    published = [hit for hit in report.hits if hit.published]
    met = sum(hit.wanted == hit.made for hit in published)
    print(
        f"บุคคลสังเคราะห์ {report.persons:,} แถว {report.households:,} ครัวเรือน "
        f"ตรงตัวเลขที่เผยแพร่ {met:,} จาก {len(published):,} ค่า"
        if thai
        else f"{report.persons:,} rows of synthetic persons in {report.households:,} households; "
        f"{met:,} of {len(published):,} published figures met"
    )
    for hit in report.missed[:10]:
        print(f"  {hit.province} {hit.year} {hit.figure}: {hit.wanted:,} / {hit.made:,}")
