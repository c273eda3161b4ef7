"""One check or import of a file that came through the web: ``python -m warehouse.upload_job``, asked on standard input.

The question is one JSON object, ``{"action": "check" | "publish", "arguments": [...]}`` with the arguments of ``daomap import``.
The answers are JSON lines: ``{"progress": [step, part]}`` and in the end ``{"done": {...}}`` or ``{"failed": {...}}`` with a text
in each language.
What an import says is said by the very code of the command line.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import secrets
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TextIO

from warehouse.report import ImportRefused, ImportReport, QueryError
from warehouse.settings import Settings, SettingsError, load_settings
from warehouse.snapshots import Store, StoreBusy, StoreError

SHOWN: Final = 200
"""Rows of a table, and failing rows, that are handed over to be shown; the report file has all."""


def main() -> int:
    """Answer the question on standard input; exit code 0 where it was answered, however it ended."""
    # Whatever a library prints must not stand between the answers.
    with os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1) as out:
        os.dup2(2, 1)
        logging.getLogger("daomap").addHandler(logging.NullHandler())
        _say(out, answer(json.loads(sys.stdin.read()), lambda *step: _say(out, {"progress": step})))
    return 0


def _say(out: TextIO, what: Mapping[str, Any]) -> None:
    out.write(json.dumps(what, ensure_ascii=False, default=str) + "\n")


def answer(question: Mapping[str, Any], progress: Callable[[str, float], None]) -> dict[str, Any]:
    """Do what is asked and say how it ended.

    Parameters
    ----------
    question : mapping
        ``action`` and ``arguments``.
    progress : callable
        Told the key of each step and how far all is.

    Returns
    -------
    dict
        ``done`` with ``report``, ``lines``, ``refused`` and, of a table, ``plan``, ``sentence``, ``failures``, ``rows`` and
        ``columns``; or ``failed`` with the reason in both languages, ``busy`` where somebody else is importing.
    """
    from warehouse.cli import import_options, publish_import

    try:
        options = import_options(question["arguments"])
        settings = load_settings()
        options.language = settings.display.default_language
        options.confined_only = True
        store = Store(settings.home, settings.snapshots.keep)
        if options.kind == "table":
            from warehouse.table_command import load_plan

            options.plan = load_plan(Path(options.mapping)) if options.mapping else None
        if question["action"] == "publish":
            return {"done": _told(publish_import(options, settings, store, progress))}
        if options.kind == "table":
            return {"done": _look_at_table(options, settings, store, progress)}
        options.dry_run = True
        return {"done": _told(publish_import(options, settings, store, progress))}
    except ImportRefused as refusal:
        return {"done": _told(refusal.report)}
    except (StoreError, QueryError, SettingsError) as error:
        return {
            "failed": {
                "th": error.text("th"),
                "en": error.text("en"),
                "busy": isinstance(error, StoreBusy),
            }
        }
    except Exception:
        # The log keeps what happened, the screen a code: an error's text may hold values and paths.
        code = secrets.token_hex(3)
        print(f"error {code}: upload\n{traceback.format_exc()}", file=sys.stderr, flush=True)
        return {
            "failed": {
                "th": f"เกิดข้อผิดพลาด รหัส {code} ชุดข้อมูลที่เผยแพร่ไม่เปลี่ยน แจ้งรหัสนี้แก่ผู้ดูแล",
                "en": f"something went wrong, code {code}; what is published has not changed. Tell the administrator this code",
            }
        }


def _told(report: ImportReport) -> dict[str, Any]:
    from warehouse.cli import report_lines

    return {
        "report": report.to_json(),
        "lines": {language: report_lines(report, language) for language in ("th", "en")},
        "refused": report.refused,
    }


def _look_at_table(
    options: argparse.Namespace, settings: Settings, store: Store, progress: Callable[[str, float], None]
) -> dict[str, Any]:
    """Read a table without the lock, and hand over what a person confirms: plan, what became of the rows, some of them."""
    from warehouse.intake import Confinement, Intake
    from warehouse.sources.table import report_workbook
    from warehouse.table_command import read_whole

    progress("read", 0.0)
    with Intake(workers=settings.import_.workers) as intake:
        if not intake.confined:
            missing = Confinement("none", intake.measures)
            raise StoreError(missing.text("th"), missing.text("en"))
        table = read_whole(
            options,
            settings,
            store.current(),
            intake,
            lambda done, total, _text: progress("read", done / max(total, 1)),
        )
    if options.report:
        Path(options.report).write_bytes(report_workbook(table))
    found = table.batch.observations.to_pandas()
    columns = [
        {
            "id": indicator,
            "rows": len(group),
            "years": sorted({int(y) for y in group["year"]}),
            "levels": sorted(set(group["level"])),
            "lowest": float(group["value"].min()),
            "middle": float(group["value"].median()),
            "highest": float(group["value"].max()),
        }
        for indicator, group in found.groupby("indicator", sort=False)
    ]
    return _told(table.batch.report) | {
        "plan": table.plan.to_json() if table.plan is not None else None,
        "sentence": {language: table.match.sentence(language) for language in ("th", "en")},
        "match": table.match.to_json(),
        "failures": [
            {k: v for k, v in asdict(failure).items() if k != "cells"}
            for failure in table.match.failures[:SHOWN]
        ],
        "rows": found.head(SHOWN)[["area_code", "indicator", "year", "value"]].to_dict("records"),
        "columns": columns,
    }


if __name__ == "__main__":
    raise SystemExit(main())
