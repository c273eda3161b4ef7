"""Where the outlines of a level come from; apart from the modules that read them, which load slowly."""

from __future__ import annotations

from typing import Final

IMPORTED: Final = "imported"
"""From a file that an agency sent."""
EMBEDDED: Final = "embedded"
"""The provinces that ship with the program, generalised."""
SCHEMATIC: Final = "schematic"
"""Made up, for workshops and tests: they say nothing of any real boundary."""
