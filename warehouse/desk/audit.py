"""Who opened which record, when and why: lines that only grow, each proven by the one before.

A line holds the code of a household and a reason chosen from a list, never a value of a person. Each carries an HMAC over
itself and the line before, so that a changed, removed or moved line is found by whoever has the identity key; the number of
lines and the last HMAC stand in a second file, so that a cut end is found too. Somebody with the key, or who puts both files
back as they were on an earlier day, is not found: keep a copy elsewhere.
"""

from __future__ import annotations

import getpass
import hashlib
import hmac
import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from warehouse.desk.errors import DeskError
from warehouse.desk.keys import Keys
from warehouse.snapshots import StoreBusy, _Lock

FILE: Final = "audit.jsonl"
HEAD: Final = "audit.head"
REASONS: Final = ("visit", "help", "follow_up", "check", "request", "complaint")
"""Why a record may be opened: home visit, help, follow-up, checking data, the person's own request, a complaint."""

ACTIONS: Final = ("opened", "searched", "imported", "aggregated", "started")
_REFERENCE = re.compile(r"[A-Za-z0-9/.-]{0,12}")
_START = "0" * 64


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome of a verification: how many lines hold, and the first that does not (None: all hold)."""

    lines: int
    broken: int | None


def reference_fits(text: str) -> bool:
    """Whether a reference (of a letter or case) can hold no number of a citizen and no Thai name.

    >>> reference_fits("PKN-12/2566"), reference_fits("1100700000001")
    (True, False)
    """
    return _REFERENCE.fullmatch(text) is not None


class Audit:
    """The audit file of a home folder."""

    def __init__(self, home: Path, keys: Keys) -> None:
        self.home = home
        self._key = hmac.digest(keys.identity, b"audit", hashlib.sha256)

    @property
    def path(self) -> Path:
        return self.home / FILE

    def opened(self, household: str, year: int, reason: str, reference: str = "") -> None:
        """Note that a record is about to be opened; without this line it must not be.

        Raises
        ------
        DeskError
            When the reason is none of `REASONS`, the reference does not fit, or the line cannot be written.
        """
        if reason not in REASONS or not reference_fits(reference):
            raise DeskError(
                "ต้องเลือกเหตุผล และเลขอ้างอิงมีได้ไม่เกิน 12 ตัว (A-Z 0-9 / . -)",
                "a reason must be chosen, and a reference has at most 12 signs (A-Z 0-9 / . -)",
            )
        self.append("opened", record=household, year=year, reason=reason, reference=reference)

    def append(self, action: str, **facts: str | int) -> None:
        """Write one line and wait until it is on the disk.

        Raises
        ------
        DeskError
        """
        assert action in ACTIONS
        try:
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = _Lock(self.home / "audit.lock")
            lock.acquire()
        except StoreBusy:
            raise DeskError("ไฟล์บันทึกการเปิดดูไม่ว่าง ลองอีกครั้ง", "the audit file is busy; try again") from None
        except OSError as error:
            raise _unwritten(error) from None
        try:
            number, last = self._head()
            line: dict[str, Any] = {
                "n": number + 1,
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "who": getpass.getuser(),
                "action": action,
                **facts,
            }
            line["mac"] = self._mac(line, last)
            text = json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n"
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            with os.fdopen(os.open(self.path, flags, 0o600), "ab") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            self._set_head(line["n"], line["mac"])
        except OSError as error:
            raise _unwritten(error) from None
        finally:
            lock.release()

    def verify(self) -> Verdict:
        """Follow the chain from the first line to the head.

        Returns
        -------
        Verdict
        """
        lines = self._lines()
        last = _START
        for number, text in enumerate(lines, 1):
            try:
                line = json.loads(text)
                mac = line.pop("mac")
            except (ValueError, KeyError, AttributeError, TypeError):
                return Verdict(len(lines), number)
            if line.get("n") != number or not hmac.compare_digest(str(mac), self._mac(line, last)):
                return Verdict(len(lines), number)
            last = str(mac)
        number, head = self._read_head()
        # A kill between the line and the head leaves the head one line behind, at the line before the last.
        behind = number == len(lines) - 1 and head == (json.loads(lines[-2])["mac"] if number else _START)
        if (number, head) == (len(lines), last) or behind:
            return Verdict(len(lines), None)
        return Verdict(len(lines), min(number, len(lines)) + 1)

    def _lines(self) -> list[str]:
        try:
            return self.path.read_text("utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def _mac(self, line: dict[str, Any], last: str) -> str:
        text = last + json.dumps(line, ensure_ascii=False, sort_keys=True)
        return hmac.digest(self._key, text.encode(), hashlib.sha256).hex()

    def _head(self) -> tuple[int, str]:
        """Number and HMAC of the last line, on which the next one builds; a broken chain is not built upon."""
        verdict = self.verify()
        if verdict.broken is not None:
            raise DeskError(
                f"ไฟล์บันทึกการเปิดดูถูกแก้ไขที่บรรทัด {verdict.broken} จึงไม่เปิดข้อมูล วิธีแก้: เก็บ {FILE} และ {HEAD} ไว้ตรวจสอบ แล้วแจ้งผู้ดูแล",
                f"the audit file was changed at line {verdict.broken}, so nothing is opened. To mend: keep {FILE} and {HEAD} "
                "for the inquiry and tell the administrator",
            )
        lines = self._lines()
        return (len(lines), json.loads(lines[-1])["mac"]) if lines else (0, _START)

    def _read_head(self) -> tuple[int, str]:
        try:
            number, mac = (self.home / HEAD).read_text("ascii").split()
            return int(number), mac
        except FileNotFoundError:
            return 0, _START
        except ValueError:
            return -1, ""

    def _set_head(self, number: int, mac: str) -> None:
        draft = self.home / f"{HEAD}.new"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(f"{number} {mac}\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.home / HEAD)


def _unwritten(error: OSError) -> DeskError:
    reason = error.strerror or type(error).__name__
    return DeskError(
        f"เขียนไฟล์บันทึกการเปิดดูไม่ได้ ({reason}) จึงไม่เปิดข้อมูล",
        f"the audit file cannot be written ({reason}), so nothing is opened",
    )
