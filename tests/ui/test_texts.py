"""The two languages say the same things."""

import re
from string import Formatter

import pytest

from ui.registry import PAGES
from ui.texts import texts


def _places(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_have_every_key():
    assert set(texts("th")) == set(texts("en"))


@pytest.mark.parametrize("key", sorted(texts("th")))
def test_both_languages_fill_the_same_places(key):
    assert _places(texts("th")[key]) == _places(texts("en")[key])
    assert texts("th")[key].strip() and texts("en")[key].strip()


def test_thai_is_thai_and_english_is_english():
    mixed_on_purpose = {"frame.language"}
    # The survey's own name has no English one.
    thai = re.compile(r"[\u0e00-\u0e7f]")
    assert [
        k for k, v in texts("en").items() if thai.search(v.replace("จปฐ", "")) and k not in mixed_on_purpose
    ] == []
    english_only = {
        k
        for k, v in texts("th").items()
        if not thai.search(re.sub(r"{\w+}", "", v)) and re.search("[a-z]", re.sub(r"{\w+}|daomap", "", v))
    }
    assert english_only == set()


def test_every_page_has_its_texts():
    for entry in PAGES:
        for part in ("title", "help"):
            assert f"page.{entry.key}.{part}" in texts("th")


def test_every_text_is_used():
    import pathlib

    root = pathlib.Path(__file__).resolve().parents[2]
    code = "\n".join(p.read_text(encoding="utf-8") for d in ("ui", "pages") for p in (root / d).glob("*.py"))
    patterns = [
        re.escape(m).replace(r"\{x\}", r"[\w]+")
        for m in (re.sub(r"{[^}]*}", "{x}", s) for s in re.findall(r"""["']([a-z_]+\.[^"'\s]*)["']""", code))
    ]
    unused = [k for k in texts("th") if not any(re.fullmatch(p, k) for p in patterns)]
    assert unused == []
