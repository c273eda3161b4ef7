"""Two keys that live outside the store: one opens the file, one turns a citizen's number into what is kept of it.

Each comes from an environment variable or from a file in a folder that is neither in the program nor in the store, and that
nobody but its owner may read.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from warehouse.desk.errors import DeskError, off
from warehouse.settings import ROOT, Settings

FILES: Final = {"store": "store.key", "identity": "identity.key"}
VARIABLES: Final = {"store": "DAOMAP_DESK_KEY", "identity": "DAOMAP_DESK_ID_KEY"}
FOLDER_VARIABLE: Final = "DAOMAP_DESK_KEYS"
_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Keys:
    """The two keys; neither is in the object's text.

    Attributes
    ----------
    store : str
        64 hexadecimal digits that encrypt the file.
    identity : bytes
        32 bytes for codes of citizens, persons and households, and for the chain of the audit file.
    """

    store: str = field(repr=False)
    identity: bytes = field(repr=False)

    def code(self, kind: str, value: str) -> str:
        """What is kept instead of a value: an HMAC-SHA-256 of kind and value, 64 hexadecimal digits.

        Parameters
        ----------
        kind : str
            ``citizen``, ``person``, ``household`` or ``check``; the same digits under another kind have another code.
        value : str
        """
        return hmac.digest(self.identity, f"{kind}\0{value}".encode(), hashlib.sha256).hex()


def make_keys(folder: Path) -> Path:
    """Make both keys in a new or empty folder that only its owner may open.

    Raises
    ------
    DeskError
        When a key is there already (a lost key is a lost store, so none is ever written over), or the folder is unsafe.
    """
    folder = folder.expanduser().resolve()
    if (fault := _misplaced(folder, None)) is not None:
        raise DeskError(*fault)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        for name in FILES.values():
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(folder / name, flags, 0o600), "w", encoding="ascii") as file:
                file.write(secrets.token_hex(32) + "\n")
                file.flush()
                os.fsync(file.fileno())
    except FileExistsError:
        raise DeskError(
            f"มีกุญแจอยู่แล้วใน {folder} จึงไม่เขียนทับ วิธีแก้: ใช้โฟลเดอร์อื่น",
            f"there is a key in {folder} already, and none is written over. To mend: name another folder",
        ) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DeskError(
            f"เขียนกุญแจใน {folder} ไม่ได้ ({reason}) วิธีแก้: เลือกโฟลเดอร์ที่เขียนได้",
            f"cannot write keys into {folder} ({reason}). To mend: name a folder that can be written",
        ) from None
    return folder


def find_keys(settings: Settings) -> Keys:
    """Both keys from the environment or from the folder of keys.

    Raises
    ------
    DeskOff
        With the reason and the way to mend it.
    """
    found = {kind: _key(kind, settings) for kind in FILES}
    if found["store"] == found["identity"]:
        off("กุญแจทั้งสองดอกเหมือนกัน", "both keys are the same")
    return Keys(found["store"], bytes.fromhex(found["identity"]))


def keys_folder(settings: Settings) -> Path | None:
    """The folder of keys: ``DAOMAP_DESK_KEYS``, else ``desk.keys`` of the settings; None where neither is set."""
    named = os.environ.get(FOLDER_VARIABLE) or settings.desk.keys
    if not named:
        return None
    base = settings.file.parent if settings.file is not None else ROOT
    return (base / Path(named).expanduser()).resolve()


def _key(kind: str, settings: Settings) -> str:
    variable = VARIABLES[kind]
    if (given := os.environ.get(variable)) is not None:
        text = given.strip().lower()
        if not _KEY.fullmatch(text):
            off(f"{variable} ต้องเป็นเลขฐานสิบหก 64 หลัก", f"{variable} must be 64 hexadecimal digits")
        return text
    folder = keys_folder(settings)
    if folder is None:
        off("ยังไม่มีกุญแจ", "there are no keys")
    if (fault := _misplaced(folder, settings.desk_home)) is not None:
        off(*fault)
    path = folder / FILES[kind]
    try:
        # Not through a link: what is looked at has to be what is read.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        off(f"เปิดกุญแจ {path} ไม่ได้ ({reason})", f"cannot open the key {path} ({reason})")
    with os.fdopen(handle, "r", encoding="ascii", errors="replace") as file:
        status = os.fstat(file.fileno())
        if os.name == "posix" and (not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077):
            mode = f"{stat.S_IMODE(status.st_mode):04o}"
            off(
                f"ผู้อื่นอ่านกุญแจ {path} ได้ (สิทธิ์ {mode} ต้องเป็น 0600; chmod 600)",
                f"others may read the key {path} (mode {mode}, expected 0600; chmod 600)",
            )
        text = file.read(200).strip().lower()
    if not _KEY.fullmatch(text):
        off(
            f"กุญแจ {path} เสีย ต้องเป็นเลขฐานสิบหก 64 หลัก",
            f"the key {path} is damaged, expected 64 hexadecimal digits",
        )
    return text


def _misplaced(folder: Path, desk_home: Path | None) -> tuple[str, str] | None:
    """Why keys may not lie there, in Thai and English."""
    for place, th, en in ((ROOT, "โปรแกรม", "the program"), (desk_home, "ข้อมูลครัวเรือน", "the households")):
        if place is not None and (folder == place or place in folder.parents):
            return (
                f"กุญแจต้องอยู่นอกโฟลเดอร์ของ{th} ({place}) เพราะผู้ที่สำเนาโฟลเดอร์จะได้กุญแจไปด้วย",
                f"keys must lie outside the folder of {en} ({place}): whoever copies it would have them as well",
            )
    return None
