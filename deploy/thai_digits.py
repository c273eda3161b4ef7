"""Make ``ui/thai-digits.ttf``: the Thai digits of Noto Sans Thai under the characters 0 to 9, and nothing else.

    python -m deploy.thai_digits

The screen lays this font over Noto Sans Thai for those ten characters when somebody wants Thai digits. The text stays 0-9 for
screen readers, copies and searches. Needs fonttools, which is in the group of the tests; the file is committed.
"""

from __future__ import annotations

from importlib.resources import files
from io import BytesIO
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

OUT = Path(__file__).resolve().parent.parent / "ui" / "thai-digits.ttf"
THAI_ZERO = 0x0E50


def source() -> bytes:
    """Noto Sans Thai from its installed package."""
    folder = files("fontpkg_noto_sans_thai") / "files"
    return next(f for f in folder.iterdir() if f.name.endswith(".ttf")).read_bytes()


def made(full: bytes) -> bytes:
    """The font of ten characters, with the weights of the one it is cut from."""
    options = subset.Options(
        layout_features=[], name_IDs=[0, 1, 2, 13, 14], notdef_outline=True, hinting=False
    )
    options.recalc_timestamp = False
    font = TTFont(BytesIO(full), recalcTimestamp=False)
    cut = subset.Subsetter(options)
    cut.populate(unicodes=range(THAI_ZERO, THAI_ZERO + 10))
    cut.subset(font)
    for table in font["cmap"].tables:
        table.cmap = {code - THAI_ZERO + ord("0"): glyph for code, glyph in table.cmap.items()}
    out = BytesIO()
    font.save(out)
    return out.getvalue()


if __name__ == "__main__":
    OUT.write_bytes(made(source()))
    print(f"{OUT}: {OUT.stat().st_size:,} bytes")
