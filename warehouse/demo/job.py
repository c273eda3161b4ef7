"""Making the synthetic country for a screen: ``python -m warehouse.demo.job``, asked on standard input.

The question is one JSON object, ``{"seed": N, "scale": S or null}``. The answers are JSON lines: ``{"progress": [step, part]}``
and in the end ``{"done": {"snapshot": ...}}`` or ``{"failed": {"th": ..., "en": ...}}``. When whoever asked is gone, the next line
of progress finds nobody and the process ends; what was published stays as it was.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from warehouse.demo.publication import DEFAULT_SCALE, publish_demo
from warehouse.settings import SettingsError, load_settings
from warehouse.snapshots import StoreBusy, StoreError
from warehouse.uploads import Uploads
from warehouse.workshop import workshop_home

GENTLY = 10
"""Added to the process's niceness."""


def main() -> int:
    """Answer the question on standard input; exit code 0 where it was answered, however it ended."""
    if hasattr(os, "nice"):
        os.nice(GENTLY)
    # An end that is asked for still removes the persons; what is killed outright leaves a folder that the next one sweeps.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    out = sys.stdout

    def say(what: Mapping[str, Any]) -> None:
        out.write(json.dumps(what, ensure_ascii=False) + "\n")
        out.flush()

    say(answer(json.loads(sys.stdin.read()), lambda step, part: say({"progress": [step, part]})))
    return 0


@contextmanager
def _temporary_in(folder: str) -> Iterator[None]:
    before, tempfile.tempdir = tempfile.tempdir, folder
    try:
        yield
    finally:
        tempfile.tempdir = before


def answer(question: Mapping[str, Any], progress: Callable[[str, float], None]) -> dict[str, Any]:
    """Make the country and say how it ended.

    Parameters
    ----------
    question : mapping
        ``seed`` and ``scale``, whose null means the default.
    progress : callable
        Told the key of each step and how far all is, 0 to 1.
    """
    try:
        settings = load_settings()
        rooms = Uploads(workshop_home(settings.home), 0)
        rooms.sweep()
        with rooms.room() as room, _temporary_in(str(room)):
            info, _ = publish_demo(
                settings.home,
                settings,
                seed=int(question["seed"]),
                scale=question["scale"] or DEFAULT_SCALE,
                progress=progress,
            )
        return {"done": {"snapshot": info.id}}
    except (StoreError, SettingsError) as error:
        return {
            "failed": {
                "th": error.text("th"),
                "en": error.text("en"),
                "busy": isinstance(error, StoreBusy),
            }
        }
    except BrokenPipeError:
        raise  # nobody is there to be told
    except Exception:
        # The log keeps what happened, the screen a code: an error's text may hold paths.
        code = secrets.token_hex(3)
        print(f"error {code}: workshop\n{traceback.format_exc()}", file=sys.stderr, flush=True)
        return {
            "failed": {
                "th": f"เกิดข้อผิดพลาด รหัส {code} ข้อมูลที่มีอยู่ไม่เปลี่ยน แจ้งรหัสนี้แก่ผู้ดูแล",
                "en": f"something went wrong, code {code}; what there was has not changed. Tell the administrator this code",
            }
        }


if __name__ == "__main__":
    raise SystemExit(main())
