"""Who opened which record, when and why: lines that only grow, each proven by the one before.

A line holds the code of a household and a reason chosen from a list, never a value of a person. Each carries an HMAC over
itself and the line before, so that a changed, removed or moved line is found by whoever has the identity key; the number of
lines and the last HMAC stand in a second file, so that a cut end is found too, and the encrypted store remembers the line of
its last import, so that files cut before it, or gone, are found. Somebody with the key, or who puts both files back as they
were since that import, is not found: keep a copy elsewhere.

A line that a power cut left half written was never acted upon: it is set aside, and a line of its own says so.
"""

from __future__ import annotations

import getpass
import hashlib
import hmac
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from warehouse.desk.errors import DeskError
from warehouse.desk.keys import Keys
from warehouse.snapshots import StoreBusy, _Lock

FILE: Final = "audit.jsonl"
TORN: Final = "audit.torn"
HEAD: Final = "audit.head"
REASONS: Final = ("visit", "help", "follow_up", "check", "request", "complaint")
"""Why a record may be opened: home visit, help, follow-up, checking data, the person's own request, a complaint."""

ACTIONS: Final = ("opened", "searched", "importing", "imported", "aggregated", "started", "mended")
_REFERENCE = re.compile(r"[A-Za-z0-9/.-]{0,12}")
_START = "0" * 64


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome of a verification: how many lines hold, and the first that does not (None: all hold).

    Attributes
    ----------
    torn : int
        Bytes of a line after the last that was never finished.
    """

    lines: int
    broken: int | None
    torn: int = 0


def reference_fits(text: str) -> bool:
    """Whether a reference (of a letter or case) can hold no number of a citizen and no Thai name.

    >>> reference_fits("PKN-12/2566"), reference_fits("1100700000001")
    (True, False)
    """
    return _REFERENCE.fullmatch(text) is not None


class Audit:
    """The audit file of a home folder.

    Parameters
    ----------
    home : Path
    keys : Keys
    least : (int, str), optional
        Number and HMAC of a line that must be there, as the encrypted store remembers it.
    """

    def __init__(self, home: Path, keys: Keys, least: tuple[int, str] | None = None) -> None:
        self.home = home
        self._least = least
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

    def searched(self, found: tuple[int, str] | None, reason: str) -> None:
        """Note that somebody was looked for by number, and the year and household that is about to be told (None: nobody).

        Raises
        ------
        DeskError
            When the reason is none of `REASONS`, or the line cannot be written.
        """
        if reason not in REASONS:
            raise DeskError("ต้องเลือกเหตุผล", "a reason must be chosen")
        year, household = found or (0, "none")
        self.append("searched", record=household, year=year, reason=reason)

    def append(self, action: str, **facts: str | int) -> tuple[int, str]:
        """Write one line and wait until it is on the disk.

        Returns
        -------
        int, str
            Number and HMAC of the line.

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
            if cut := self._set_aside():
                number, last = self._add(number, last, "mended", {"bytes": cut})
            return self._add(number, last, action, facts)
        except OSError as error:
            raise _unwritten(error) from None
        finally:
            lock.release()

    def _add(self, number: int, last: str, action: str, facts: Mapping[str, str | int]) -> tuple[int, str]:
        line: dict[str, Any] = {
            "n": number + 1,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "who": _who(),
            "action": action,
            **facts,
        }
        mac = self._mac(line, last)
        text = json.dumps(line | {"mac": mac}, ensure_ascii=False, sort_keys=True) + "\n"
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            before = os.fstat(handle).st_size
            try:
                left = text.encode()
                while left:
                    left = left[os.write(handle, left) :]
                os.fsync(handle)
                self._set_head(number + 1, mac)
            except OSError:
                # Nothing is opened for a line that is not whole, so no part of it may stand in the way of the next.
                os.ftruncate(handle, before)
                raise
        finally:
            os.close(handle)
        return number + 1, mac

    def _set_aside(self) -> int:
        """Move a half-written line to a file of its own; its length."""
        _, tail = self._read()
        if tail:
            kept = os.open(self.home / TORN, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(kept, tail + b"\n")
                os.fsync(kept)
            finally:
                os.close(kept)
            os.truncate(self.path, self.path.stat().st_size - len(tail))
        return len(tail)

    def verify(self) -> Verdict:
        """Follow the chain from the first line to the head.

        Returns
        -------
        Verdict
        """
        lines, tail = self._read()
        last, remembered = _START, self._least is None
        for number, text in enumerate(lines, 1):
            try:
                line = json.loads(text)
                mac = line.pop("mac")
            except (ValueError, KeyError, AttributeError, TypeError):
                return Verdict(len(lines), number)
            if line.get("n") != number or not hmac.compare_digest(str(mac), self._mac(line, last)):
                return Verdict(len(lines), number)
            last = str(mac)
            remembered = remembered or (number, last) == self._least
        if self._least is not None and not remembered:
            return Verdict(len(lines), min(len(lines) + 1, self._least[0]))
        number, head = self._read_head()
        # A kill between the line and the head leaves the head one line behind, at the line before the last.
        behind = number == len(lines) - 1 and head == (json.loads(lines[-2])["mac"] if number else _START)
        if (number, head) == (len(lines), last) or behind:
            return Verdict(len(lines), None, len(tail))
        return Verdict(len(lines), min(number, len(lines)) + 1)

    def _read(self) -> tuple[list[str], bytes]:
        """The lines that were finished, and what stands after them."""
        try:
            *lines, tail = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return [], b""
        return [line.decode("utf-8", errors="replace") for line in lines], tail

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
        lines, _ = self._read()
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


def _who() -> str:
    """Name of the account this process runs under; the environment says whatever somebody set."""
    try:
        import pwd
    except ImportError:
        return getpass.getuser()
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _unwritten(error: OSError) -> DeskError:
    reason = error.strerror or type(error).__name__
    return DeskError(
        f"เขียนไฟล์บันทึกการเปิดดูไม่ได้ ({reason}) จึงไม่เปิดข้อมูล",
        f"the audit file cannot be written ({reason}), so nothing is opened",
    )
