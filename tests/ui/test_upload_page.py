"""The administrator's part of the Data screen: who is let in, from a file to an indicator, refusals, and the way back."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from geo.codes import official_areas
from tests.ui.test_pages import run, words
from ui import data, upload_gate, upload_panels
from ui.texts import Words

EN = Words("en")
RAIN = "province,rain (mm)\n" + "".join(
    f"{a.name_th},{1000 + n}.5\n"
    for n, a in enumerate(a for a in official_areas().values() if a.level == "province" and a.code != "10")
)


def fresh_settings() -> None:
    data.settings.cache_clear()
    data.store.cache_clear()


@pytest.fixture
def administered(embedded_home, tmp_path, monkeypatch):
    """The shipped home with uploads switched on, on this machine, and no guesses of a secret behind it."""
    home = tmp_path / "home"
    shutil.copytree(embedded_home, home)
    config = tmp_path / "config.toml"
    config.write_text("[admin]\nuploads = true\nupload_mb = 1\n", encoding="utf-8")
    monkeypatch.setenv("DAOMAP_HOME", str(home))
    monkeypatch.setenv("DAOMAP_CONFIG", str(config))
    monkeypatch.delenv(upload_gate.SECRET, raising=False)
    monkeypatch.setattr(upload_gate, "tries", upload_gate.Tries())
    monkeypatch.setattr("ui.upload_panels.tries", upload_gate.tries)
    fresh_settings()
    yield home
    monkeypatch.undo()
    fresh_settings()


@pytest.fixture
def confined(monkeypatch):
    """Uploads are off where the system cannot confine a reader; skipped there."""
    from warehouse.intake import confinement

    if not confinement().uploads_allowed:
        pytest.skip("no confinement on this machine")


def key(at, name):
    return next((e for kind in ("button", "checkbox") for e in at.get(kind) if e.key == name), None)


def until(at, seen, seconds=90.0):
    """Run again, as the browser does every second, until something is there."""
    end = time.monotonic() + seconds
    while not seen(at):
        assert time.monotonic() < end, words(at)
        time.sleep(0.3)
        at.run()
        assert not at.exception, at.exception
    return at


def said(at):
    return "\n".join(str(e.value) for kind in ("error", "success", "info") for e in at.get(kind))


def submit(at, label):
    next(b for b in at.button if b.label == label).click().run()
    assert not at.exception, at.exception


@pytest.mark.usefixtures("confined")
def test_a_table_is_checked_corrected_confirmed_and_published(administered: Path):
    at = run("data", part="manage", lang="en")
    at.file_uploader[0].set_value(("rain 2563.csv", RAIN.encode(), "text/csv")).run()
    until(at, lambda a: "76 rows accepted" in said(a))
    # Private: a folder and a file that nobody else may enter.
    (folder,) = (administered / "uploads").iterdir()
    assert [oct(p.stat().st_mode & 0o777) for p in (folder.parent, folder, folder / "rain 2563.csv")] == [
        "0o700", "0o700", "0o600",
    ]  # fmt: skip
    assert key(at, "upload_publish").disabled
    # A name, a unit and a direction are corrected; until it was checked again nothing can be published.
    next(t for t in at.text_input if t.label == EN("manage.name_th")).set_value("ฝนทั้งปี")
    next(t for t in at.text_input if t.label == EN("manage.name_en")).set_value("Rain of the year")
    next(s for s in at.selectbox if s.label == EN("data.worse")).set_value("low")
    submit(at, EN("manage.keep_column"))
    assert any(EN("manage.changed") in x.value for x in at.warning)
    assert key(at, "upload_publish") is None
    submit(at, EN("manage.check_again"))
    until(at, lambda a: key(a, "upload_publish") is not None)
    at.checkbox(key=next(x.key for x in at.checkbox if (x.key or "").startswith("confirm_"))).check().run()
    key(at, "upload_publish").click().run()
    until(at, lambda a: "Published as snap-000002" in said(a), 180)
    map_button = next(b for b in at.button if "Rain of the year" in b.label)
    indicator = map_button.key.removeprefix("open_")
    map_button.click().run()
    assert not at.exception
    assert at.selectbox(key="w_ind").value == indicator
    assert at.selectbox(key="w_year").value == 2020
    house = data.warehouse()
    values = house.values(indicator, level="province", year=2020)
    assert values["value"].max() == 1075.5 and values["value"].isna().sum() == 1
    # Nothing of the file is left, and the journal has hashes and counts only.
    assert list((administered / "uploads").iterdir()) == []
    journal = (administered / "journal.jsonl").read_text("utf-8")
    assert "rain" not in journal and "ฝน" not in journal
    # The source is on the list with what became of its rows.
    at = run(
        "data", lang="en", part="sources", source=house.sources().set_index("kind").loc["user", "source_id"]
    )
    assert "rain" in words(at)
    # And back again, after the snapshot's name was typed rightly.
    at = run("data", part="manage", lang="en")
    at.text_input(key="back_typed").set_value("snap-000002")
    submit(at, EN("manage.back"))
    assert "type snap-000001" in said(at)
    at.text_input(key="back_typed").set_value("snap-000001")
    submit(at, EN("manage.back"))
    assert "snap-000001" in said(at)
    assert data.store().current().id.startswith("snap-000001")
    assert [r.kind for r in data.store().runs()][-1] == "rollback"


@pytest.mark.usefixtures("confined")
def test_what_cannot_be_taken_is_refused_with_reason_and_changes_nothing(administered: Path):
    before = data.store().current().id
    at = run("data", part="manage", lang="th")
    persons = "เลขประจำตัวประชาชน,จังหวัด,รายได้\n1100700000001,น่าน,100\n"
    at.file_uploader[0].set_value(("people.csv", persons.encode(), "text/csv")).run()
    th = Words("th")
    until(at, lambda a: th("manage.refused") in said(a))
    found = next(d.value for d in at.dataframe if "reason" in d.value)
    assert found["reason"].tolist() == ["table.personal"]
    assert "ตัวบุคคล" in found["mend"][0]
    assert "1100700000001" not in found.to_string()
    assert key(at, "upload_publish") is None
    key(at, "upload_discard").click().run()
    assert list((administered / "uploads").iterdir()) == []
    # Too large, and of another kind than its name says it may be.
    for name, content, expected in (
        ("big.csv", b"a" * 1_000_001, "1 MB"),
        ("empty.csv", b"", "ว่างเปล่า"),
    ):
        at.file_uploader[0].set_value((name, content, "text/csv")).run()
        assert expected in said(at)
    assert data.store().current().id == before
    assert not [r for r in data.store().runs() if r.kind == "import"]


@pytest.mark.usefixtures("embedded_home")
@pytest.mark.parametrize("language", ["th", "en"])
def test_without_permission_there_is_no_uploader_and_the_page_says_what_is_missing(language, monkeypatch):
    fresh_settings()
    at = run("data", part="manage", lang=language)
    assert not at.get("file_uploader") and not at.text_input(key="area_search").disabled
    text = words(at)
    assert "uploads = true" in text and "DAOMAP_ADMIN_SECRET" in text and "daomap import" in text
    assert not [b for b in at.button if b.key in ("upload_publish", "manage_lock")]


@pytest.mark.usefixtures("administered")
def test_behind_a_proxy_a_secret_is_needed_and_guessed_slowly(monkeypatch):
    monkeypatch.setattr(upload_gate, "SLOW_S", 0.5)
    monkeypatch.setattr("ui.upload_panels.is_local", lambda *_: False)
    monkeypatch.setattr(upload_gate, "_confinement", lambda: (True, ("", "")))
    at = run("data", part="manage", lang="en")
    assert not at.get("file_uploader") and "at least 16 characters" in words(at)
    monkeypatch.setenv(upload_gate.SECRET, "too-short")
    assert "too short" in words(run("data", part="manage", lang="en"))
    monkeypatch.setenv(upload_gate.SECRET, "a secret of many letters")
    at = run("data", part="manage", lang="en")
    assert not at.get("file_uploader")

    def guess(at, text):
        at.text_input(key="manage_secret_text").set_value(text)
        submit(at, EN("manage.unlock"))

    guess(at, "a secret of many letters")
    assert at.get("file_uploader")
    key(at, "manage_lock").click().run()
    assert not at.get("file_uploader")
    for _ in range(upload_gate.MOST_TRIES):
        guess(at, "wrong")
        assert EN("manage.wrong") in said(at)
    # Whoever guessed keeps nobody out: the right one is looked at late, and is right.
    other = run("data", part="manage", lang="en")
    began = time.monotonic()
    guess(other, "a secret of many letters")
    assert time.monotonic() - began >= 0.5
    assert other.get("file_uploader") and not at.get("file_uploader")


def test_a_short_break_of_the_connection_ends_no_session(monkeypatch):
    now, connected = [100.0], [False]
    manager = SimpleNamespace(is_active_session=lambda _session: connected[0])
    monkeypatch.setattr(upload_panels.runtime, "exists", lambda: True)
    monkeypatch.setattr(upload_panels.runtime, "get_instance", lambda: manager)
    monkeypatch.setattr(upload_panels, "time", SimpleNamespace(monotonic=lambda: now[0]))
    keeps = float(upload_panels.st.get_option("server.disconnectedSessionTTL"))
    assert upload_panels._alive("s")
    now[0] += keeps
    assert upload_panels._alive("s")
    connected[0] = True
    assert upload_panels._alive("s")
    connected[0] = False
    assert upload_panels._alive("s")
    now[0] += keeps + upload_panels._GRACE_S + 1
    assert not upload_panels._alive("s")


def test_a_file_that_was_taken_away_is_said_to_be_gone(administered: Path, monkeypatch):
    monkeypatch.setattr(upload_gate, "_confinement", lambda: (True, ("", "")))
    failed = {"failed": {"th": "–", "en": "–"}}
    job = SimpleNamespace(action="check", done=True, answer=failed, cancel=lambda: None)
    monkeypatch.setattr(upload_panels, "UploadJob", lambda *_: job)
    at = run("data", part="manage", lang="en")
    at.file_uploader[0].set_value(("rain 2563.csv", RAIN.encode(), "text/csv")).run()
    (folder,) = (administered / "uploads").iterdir()
    shutil.rmtree(folder)
    submit(at, EN("manage.check_again"))
    assert EN("manage.gone") in said(at) and at.get("file_uploader")
