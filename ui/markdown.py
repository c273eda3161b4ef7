"""Text from data on its way into Markdown, and small tables made of it.

Streamlit reads labels, captions, headings, help texts and messages as Markdown. Whatever comes from a file (a name of an area,
a title of a source, the name of a file) or from the address passes `escape_markdown` first and is shown letter by letter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_SIGNS = re.compile(r"[\\`*_{}\[\]<>()#+!|$:~&^=]")
# A hyphen means something only before a blank or beside another sign; escaping every one would swell dates and ranges.
_LIST_SIGN = re.compile(r"^(\d{1,9})([.)])(?=\s|$)|^-(?=[-\s]|$)")
_LINES = re.compile(r"\s*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+\s*")
_JOINER = "\u2060"  # WORD JOINER: no width, no break, and what the page looks for is not there any more
# The page's own text filters run after Markdown, so that a backslash does not stop them: :emoji:, :material/icon:, "--" and
# arrows, and addresses that become links.
_FILTERED = re.compile(
    r"(?<=:)(?=[^\s\u2060])"  # :smile: and http://
    r"|(?<=[-<>])(?=[-<>])"  # -- -> <-
    r"|(?<=[<>=~!])(?==)"  # >= <= != ~=
    r"|(?<=\b[wW]{3})(?=\.)"  # www.
    r"|(?=@)"  # a@b.c
)


def escape_markdown(text: str) -> str:
    """Text that Streamlit's Markdown shows as it is: no image, link, style, math, icon or HTML starts from it.

    Parameters
    ----------
    text : str
        From data, the address or a person; line breaks become blanks.

    Returns
    -------
    str
        Markdown of one line. It may hold word joiners (U+2060), which have no width.

    Examples
    --------
    >>> escape_markdown("![a](b) 5 < 6")
    '\\\\!\\\\[a\\\\]\\\\(b\\\\) 5 \\\\< 6'
    >>> escape_markdown("บ้านนา-2 (น่าน)")
    'บ้านนา-2 \\\\(น่าน\\\\)'
    """
    line = _LINES.sub(" ", text).strip()
    line = _FILTERED.sub(_JOINER, line)
    line = _SIGNS.sub(r"\\\g<0>", line)
    return _LIST_SIGN.sub(lambda m: f"{m[1]}\\{m[2]}" if m[1] else "\\-", line)


def markdown_table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, text: Sequence[int] = (0,)
) -> str:
    """A small table as Markdown: plain HTML for screen readers, a tenth of the bytes of a data frame.

    Headings and cells are shown letter by letter.

    Parameters
    ----------
    text : sequence of int
        Columns of words, set to the left; the others hold numbers and are set to the right.
    """
    lines = [
        [escape_markdown(cell) for cell in headings],
        [":--" if column in text else "--:" for column in range(len(headings))],
        *([escape_markdown(cell) for cell in row] for row in rows),
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
