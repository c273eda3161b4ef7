"""The address of a view as a QR code, for the screen and for paper."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any, Final

QUIET: Final = 4
"""Modules left white around the code, as ISO/IEC 18004 asks for."""


@lru_cache(maxsize=64)
def code_of(link: str) -> Any:
    """The code of an address, or None where it is longer than a code can hold (2,953 bytes).

    The lowest level of correction gives the fewest and so the largest modules; what is left over goes into correction.
    """
    import segno  # only who opens the downloads needs it

    try:
        return segno.make(link, error="l", micro=False)
    except segno.DataOverflowError:
        return None


def qr_svg(link: str) -> str:
    """The code as a picture of lines in black on white; empty without an address or where none holds it."""
    code = code_of(link) if link else None
    if code is None:
        return ""
    out = io.BytesIO()
    code.save(out, kind="svg", border=QUIET, omitsize=True, xmldecl=False, light="#fff", nl=False)
    return out.getvalue().decode("ascii")


def qr_png(link: str, size: int = 180) -> bytes | None:
    """The code as PNG about `size` pixels wide, whole pixels a module; None where no code holds the address."""
    code = code_of(link) if link else None
    if code is None:
        return None
    out = io.BytesIO()
    modules, _ = code.symbol_size(border=QUIET)
    code.save(out, kind="png", border=QUIET, scale=max(2, round(size / modules)))
    return out.getvalue()
