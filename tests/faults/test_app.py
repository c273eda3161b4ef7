"""What a person at the screen sees when a snapshot is damaged: numbers that are right, and a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.warehouse.batches import batch
from ui import data
from ui.registry import PAGES
from ui.texts import texts
from warehouse.embedded import build
from warehouse.publish import publish_batches
from warehouse.settings import Settings
from warehouse.snapshots import Store

SHELL = Path(__file__).resolve().parents[2] / "ui" / "shell.py"
OVERVIEW = next(entry.path for entry in PAGES if entry.key == "overview")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The shipped figures, and a second snapshot upon them."""
    monkeypatch.setenv("DAOMAP_HOME", str(tmp_path))
    data.settings.cache_clear()
    data.store.cache_clear()
    store = Store(tmp_path)
    build(store, Settings())
    publish_batches(store, Settings(), [batch([("95", "target_poor", 2018, 5.0)])])
    yield store
    data.settings.cache_clear()
    data.store.cache_clear()


def run(app: AppTest | None = None) -> AppTest:
    app = app or AppTest.from_file(SHELL, default_timeout=60)
    app.query_params["year"] = "2018"
    app.switch_page(str(OVERVIEW))
    return app.run()


def test_a_damaged_snapshot_is_told_on_the_page_and_the_one_before_is_shown(home: Store) -> None:
    newest, first = home.list()
    newest.database.chmod(0o644)
    newest.database.write_bytes(newest.database.read_bytes()[:-100])
    app = run()
    assert not app.exception and not app.error
    assert any(newest.id in w.value and "เสียหาย" in w.value for w in app.warning)
    assert [m.value for m in app.metric] == ["1,032,987", "4,405,684", "1,249,672", "36,647,817"]
    assert data.warehouse().snapshot == first.id


def test_damage_between_two_clicks(home: Store) -> None:
    newest, first = home.list()
    app = run()
    assert data.warehouse().snapshot == newest.id and not app.warning
    newest.database.chmod(0o644)
    with newest.database.open("r+b") as handle:
        handle.seek(5000)
        handle.write(b"damaged" * 100)
    run(app)
    assert not app.exception and not app.error
    assert data.warehouse().snapshot == first.id
    assert any(newest.id in w.value for w in app.warning)


def test_nothing_sound_is_a_sentence_in_both_languages(home: Store) -> None:
    for info in home.list():
        info.database.unlink()
    app = run()
    assert not app.exception
    assert len(app.error) == 1 and not app.metric
    for language in ("th", "en"):
        assert texts(language)["error.no_data"].split("{")[0] in app.error[0].value


def test_damage_in_the_middle_of_a_page_shows_no_number(
    home: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The file changes after the page was begun: the page ends in a sentence, the next one is right."""
    newest, first = home.list()
    opened = data.warehouse()
    real = type(opened).values

    def damage(self: object, *arguments: object, **named: object) -> object:
        newest.database.chmod(0o644)
        with newest.database.open("r+b") as handle:
            handle.write(b"damaged")
        return real(self, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(type(opened), "values", damage)
    app = run()
    assert not app.exception
    assert any(texts("th")["error.damaged"].split("{")[0] in e.value for e in app.error)
    assert f"snapshot {newest.id} was damaged while in use" in caplog.text
    monkeypatch.setattr(type(opened), "values", real)
    run(app)
    assert not app.exception and not app.error and data.warehouse().snapshot == first.id
