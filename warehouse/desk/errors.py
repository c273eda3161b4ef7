"""What the desk cannot do, in one line of each language and without a value of a person."""

from __future__ import annotations

from typing import NoReturn

from warehouse.snapshots import StoreError


class DeskError(StoreError):
    """One thing the desk cannot do; the text names no person, no number of a card and no key."""


class DeskOff(DeskError):  # noqa: N818 - reads as what it is
    """The desk is off: a key is missing or unsafe, or the settings do not allow it."""


def off(th: str, en: str) -> NoReturn:
    """Raise `DeskOff` with the way to make keys behind the reason."""
    how = "daomap desk keys --out DIR"
    raise DeskOff(
        f"โต๊ะเจ้าหน้าที่ปิดอยู่: {th} วิธีแก้: {how} แล้วตั้ง DAOMAP_DESK_KEYS=DIR",
        f"the desk is off: {en}. To mend: {how}, then set DAOMAP_DESK_KEYS=DIR",
    ) from None
