"""Text from data is escaped for Markdown; what it looks like then is seen in the browser tests."""

import doctest
import importlib

import pytest

from tests.hostile import payloads, shown
from ui.charts import plain
from ui.markdown import escape_markdown, markdown_table


def unescaped(text):
    """What a Markdown reader makes of backslashes before signs."""
    out, rest = "", text
    while rest:
        if rest[0] == "\\" and len(rest) > 1 and rest[1] in "\\`*_{}[]<>()#+!|$:~&^=-.":
            rest = rest[1:]
        out, rest = out + rest[0], rest[1:]
    return out


@pytest.mark.parametrize("text", [*payloads(), "น่าน", "เทศบาลเมือง (สอง)", "a-b", "12:30", "๑๒"])
def test_nothing_is_lost(text):
    assert shown(unescaped(escape_markdown(text))) == shown(text)


@pytest.mark.parametrize("text", ["a\nb", "a\r\n# b", "a\u2028b", "a\n\n\tb", "\x0bb", "\n- a"])
def test_one_text_stays_one_line(text):
    assert len(escape_markdown(text).splitlines()) == 1


def test_ordinary_names_and_numbers_are_sent_as_they_are():
    for text in ("จังหวัดน่าน", "Nan province", "-0.26", "2018-2023", "1,234.5 %", "พ.ศ. 2561", "–", "10.5"):
        assert escape_markdown(text) == text


def test_a_table_cell_cannot_leave_its_cell():
    table = markdown_table(["a|b", "c"], [["x | y\n| z |", "1"]])
    assert len(table.splitlines()) == 3
    assert all(line.replace("\\|", "").count("|") == 3 for line in table.splitlines())


def test_charts_get_no_tags():
    assert "<" not in plain("<a href=x>y</a>")
    assert plain("น่าน") == "น่าน"


@pytest.mark.parametrize("module", ["ui.markdown", "ui.charts"])
def test_examples_in_the_docstrings_hold(module):
    found = doctest.testmod(importlib.import_module(module))
    assert (found.attempted > 0, found.failed) == (True, 0)
