"""The data dictionary is what the catalogue and the definitions say."""

from __future__ import annotations

from analytics import dictionary
from analytics.catalogue import shipped_catalogue
from analytics.definitions import load_definitions


def test_the_page_is_what_the_generator_writes():
    written = dictionary.TARGET.read_text(encoding="utf-8")
    assert written == dictionary.dictionary(), "run: python -m analytics.dictionary"


def test_every_indicator_and_definition_is_documented():
    page = dictionary.dictionary()
    for name in (*shipped_catalogue(), *load_definitions()):
        assert page.count(f"### `{name}`\n") == 1, name


def test_main_writes_the_page(tmp_path, monkeypatch):
    monkeypatch.setattr(dictionary, "TARGET", tmp_path / "page.md")
    dictionary.main()
    assert (tmp_path / "page.md").read_bytes() == dictionary.dictionary().encode()
