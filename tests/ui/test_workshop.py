"""Workshop mode: one switch, a band on every screen, a mark on every file, never a number of it elsewhere; and its exercise."""

from __future__ import annotations

import json
import re
import shutil
import time
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette

from tests.browser.conftest import ROOT
from tests.ui.exports import kept, says, text_of
from tests.ui.test_pages import run, words
from tests.web.test_routes import call
from ui import data, export, links, overlay_panels, overlay_scene, upload_gate, workshop
from ui.frame import Context
from ui.overlay_state import parse_layers
from ui.palette import LIGHT
from ui.print_map import PAPERS, Sheet
from ui.print_panels import document
from ui.registry import PAGES
from ui.routes import ROUTES
from ui.state import View, to_params
from ui.texts import Words, texts
from warehouse.demo import job
from warehouse.demo.publication import publish_demo
from warehouse.settings import Settings
from warehouse.snapshots import Store, StoreError
from warehouse.uploads import Uploads
from warehouse.workshop import SEED, DemoJob, free_mb, workshop_home

NAN = "55"
BADGE = {"th": "ข้อมูลสังเคราะห์ ไม่ใช่คนจริง", "en": "Synthetic data, no real person"}


def forget() -> None:
    data.settings.cache_clear()
    data.store.cache_clear()


@pytest.fixture(scope="module")
def both(embedded_home, tmp_path_factory):
    """A home with the shipped figures, and beside it the province of the exercise as everybody's workshop has it."""
    home = tmp_path_factory.mktemp("both")
    shutil.copytree(embedded_home, home, dirs_exist_ok=True)
    publish_demo(home, Settings(), seed=SEED, provinces=(NAN,))
    return home


@pytest.fixture
def used(both, monkeypatch):
    monkeypatch.setenv("DAOMAP_HOME", str(both))
    forget()
    yield both
    monkeypatch.undo()
    forget()


@pytest.fixture
def empty(embedded_home, tmp_path, monkeypatch):
    """The shipped home without a workshop, and no country being made."""
    home = tmp_path / "home"
    shutil.copytree(embedded_home, home)
    monkeypatch.setenv("DAOMAP_HOME", str(home))
    monkeypatch.delenv(upload_gate.SECRET, raising=False)
    monkeypatch.setattr(workshop, "_job", None)
    forget()
    yield home
    monkeypatch.undo()
    forget()


@pytest.fixture
def files(monkeypatch):
    return kept(monkeypatch)


def html(at):
    return [str(e.value if hasattr(e, "value") else e.proto.body) for e in at.get("html")]


def banded(at):
    return any("daomap-synthetic" in one for one in html(at))


@pytest.mark.usefixtures("used")
@pytest.mark.parametrize(
    ("page", "language", "view"),
    [
        *((p.key, ("th", "en")[n % 2], {}) for n, p in enumerate(PAGES)),
        ("data", "th", {"part": "coverage"}),
        ("data", "en", {"part": "manage"}),
        ("night_light", "en", {"mode": "swipe"}),
    ],
)
def test_every_screen_legend_and_file_says_that_nobody_is_real(files, page, language, view):
    at = run(page, taking=True, workshop="1", lang=language, area=NAN, **view)
    assert not at.error, at.error
    assert sum("daomap-synthetic" in one and BADGE[language] in one for one in html(at)) == 1
    legends = [one for one in html(at) if re.search(r"class=.(daomap-(legend|scale|square)|ol)", one)]
    parts = [e.proto for e in at.get("bidi_component")]
    legends += [json.loads(p.json)["notes"] for p in parts if p.component_name == "daomap_live_legend"]
    assert all(BADGE[language] in str(one) for one in legends), [
        x[:400] for x in legends if BADGE[language] not in str(x)
    ]
    if page in ("poverty_map", "night_light", "services", "overlay") and view.get("mode") != "swipe":
        assert legends
    kinds = {name.rpartition(".")[2] for name, _ in files}
    tables = set() if page in ("home", "help") else {"csv", "xlsx"}
    drawn = (
        set()
        if page in ("home", "help", "target_groups", "data", "urgent", "compare", "trend")
        else {"geojson", "gpkg", "pdf"}
    )
    assert kinds >= {*tables, *drawn} or view.get("part") in ("coverage", "manage"), kinds
    for name, content in files:
        assert name.startswith("synthetic-daomap-"), name
        assert says(text_of(name, content), BADGE[language]), name


@pytest.mark.usefixtures("used")
def test_the_sheet_of_paper_says_it_on_top():
    view = View(area=NAN, workshop=True, layers="areas!itarget_poor_rate")
    house = data.warehouse(workshop=True)
    c = Context(house, view, house.area(NAN), Words("th"), LIGHT)
    layers = parse_layers(view.layers, indicator_exists=overlay_scene.can_show)
    sheet = Sheet.fit(house.bounds(NAN), PAPERS[0].frame)
    told = document(c, overlay_panels.overlay_paper(c, layers), sheet, "")
    assert BADGE["th"] in told.badges
    assert to_params(view)["workshop"] == "1"


@pytest.mark.usefixtures("used")
def test_the_switch_goes_there_and_back_and_the_address_keeps_it():
    at = run("overview", area=NAN, year="2023")
    real = [m.value for m in at.metric]
    assert not banded(at) and at.toggle(key="w_workshop").label == texts("th")["workshop.switch"]
    at.toggle(key="w_workshop").set_value(True).run()
    assert banded(at) and at.query_params["workshop"] in ("1", ["1"])
    at.switch_page(next(str(p.path) for p in PAGES if p.key == "poverty_map")).run()
    assert banded(at)
    at.toggle(key="w_workshop").set_value(False).run()
    assert not banded(at) and "workshop" not in at.query_params
    at.switch_page(next(str(p.path) for p in PAGES if p.key == "overview")).run()
    assert [m.value for m in at.metric] == real


@pytest.mark.usefixtures("used")
def test_sessions_in_both_modes_live_side_by_side():
    def districts(**view):
        house = data.warehouse(**view)
        return house.values("target_poor", level="district", year=2023, within=NAN)["value"].notna().sum()

    with_it, without = run("overview", workshop="1", area=NAN), run("overview", area=NAN)
    again = run("overview", workshop="1", area=NAN)
    assert banded(with_it) and banded(again) and not banded(without)
    assert BADGE["th"] not in words(without) + "".join(html(without))
    assert (districts(), districts(workshop=True) > 0) == (0, True)
    # What the workshop's snapshot made known to the process is not in the dictionary of the real one.
    assert "nrd_" not in "".join(str(f.value) for f in run("data", part="dictionary").dataframe)
    at = run("data", part="snapshots")
    assert str(data.warehouse().snapshot) in str(at.dataframe[0].value)
    assert str(data.warehouse(workshop=True).snapshot) not in str(at.dataframe[0].value)


@pytest.mark.usefixtures("used")
def test_layers_of_both_homes_are_found_by_the_snapshots_name():
    app = Starlette(routes=ROUTES)
    real, made_up = data.warehouse().snapshot, data.warehouse(workshop=True).snapshot
    assert call(app, f"/layers/{real}/province/TH/poverty-2018.geojson").status == 200
    assert call(app, f"/layers/{made_up}/district/{NAN}/poverty-2023.geojson").status == 200
    assert call(app, f"/layers/{real}/district/{NAN}/poverty-2023.geojson").status == 404
    assert (
        call(app, f"/layers/{made_up.replace('snap-', 'snap-9')}/district/{NAN}/poverty-2023.geojson").status
        == 404
    )
    assert data.snapshots_with("../workshop/snapshots/x") == data.store().snapshots


@pytest.mark.usefixtures("used")
def test_files_are_not_taken_while_the_country_is_synthetic():
    at = run("data", workshop="1", part="manage", lang="en")
    assert texts("en")["workshop.no_imports"] in words(at)


def test_a_server_over_the_workshops_own_home_bears_the_band_and_no_switch(both, monkeypatch):
    monkeypatch.setenv("DAOMAP_HOME", str(workshop_home(both)))
    forget()
    try:
        for view in ({}, {"workshop": "1"}):
            at = run("overview", area=NAN, **view)
            assert banded(at) and not [t for t in at.toggle if t.key == "w_workshop"]
    finally:
        monkeypatch.undo()
        forget()


def test_a_workshops_home_without_the_country_is_not_shown(embedded_home, empty):
    shutil.copytree(embedded_home / "snapshots", workshop_home(empty) / "snapshots")
    shutil.copy(embedded_home / "CURRENT", workshop_home(empty))
    at = run("overview", workshop="1")
    assert texts("th")["workshop.heading"] in words(at) and not at.metric


class Making:
    """A job whose steps the test takes."""

    def __init__(self, *_arguments):
        self.step, self.part, self.done, self.answer = "count", 0.25, False, None

    def cancel(self):
        self.done, self.answer = True, {"failed": {"th": "หยุด", "en": "ended"}}


def test_where_there_is_none_the_switch_offers_to_make_it(empty, monkeypatch):
    monkeypatch.setattr(workshop, "DemoJob", Making)
    at = run("overview", workshop="1", lang="en")
    en = Words("en")
    assert en("workshop.heading") in words(at) and not at.metric and not at.error
    at.button(key="workshop_make").click().run()
    assert isinstance(workshop._job, Making)
    assert any(en("workshop.step_count") in str(e.proto.text) for e in at.get("progress"))
    other = run("poverty_map", workshop="1", lang="en")  # another visitor sees the same work
    assert not [b for b in other.button if b.key == "workshop_make"]
    at.button(key="workshop_cancel").click().run()
    assert en("workshop.stopped") in words(at)
    at.button(key="workshop_make").click().run()
    workshop._job.done, workshop._job.answer = True, {"failed": {"th": "ดิสก์เต็ม", "en": "the disk is full"}}
    at.run()
    assert "the disk is full" in at.error[0].value
    at.button(key="workshop_back").click().run()
    assert at.metric and not banded(at)


def test_only_who_administers_a_machine_for_others_makes_it(empty, monkeypatch):
    monkeypatch.setattr("ui.upload_panels.is_local", lambda *_: False)
    at = run("overview", workshop="1")
    assert texts("th")["workshop.ask"] in words(at)
    assert "daomap demo" in at.code[0].value
    assert not [b for b in at.button if b.key == "workshop_make"]
    workshop._start()
    assert workshop._job is None


def test_a_disk_without_room_is_told_before(empty, monkeypatch):
    monkeypatch.setattr(workshop, "free_mb", lambda _home: 12)
    at = run("overview", workshop="1", lang="en")
    assert "12 MB" in at.error[0].value and not [b for b in at.button if b.key == "workshop_make"]


def test_a_job_that_is_ended_leaves_nothing_behind(tmp_path):
    assert free_mb(tmp_path / "not" / "there") > 0
    made = DemoJob(tmp_path, scale=0.00001)
    until = time.monotonic() + 120
    while made.step != "people" and not made.done:
        assert time.monotonic() < until
        time.sleep(0.05)
    made.cancel()
    assert made.done and "failed" in (made.answer or {})
    home = workshop_home(tmp_path)
    assert not (home / "CURRENT").exists()
    assert list(Uploads(home, 0).folder.iterdir()) == []
    with Store(home).work("import"):  # the lock is free
        pass


def test_the_answer_of_a_job_says_how_it_ended(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DAOMAP_HOME", str(tmp_path))
    asked = []

    def made(home, _settings, *, seed, scale, progress):
        asked.append((home, seed, scale))
        progress("people", 0.5)
        info = type("Info", (), {"id": "snap-000001-abcdefabcdef"})
        return info, None

    def full(*_arguments, **_options):
        raise StoreError("เต็ม", "full")

    def broken(*_arguments, **_options):
        raise ValueError("/srv/secret")

    monkeypatch.setattr(job, "publish_demo", made)
    told = []
    answered = job.answer({"seed": 3, "scale": None}, lambda *step: told.append(step))
    assert answered == {"done": {"snapshot": "snap-000001-abcdefabcdef"}}
    assert asked == [(tmp_path, 3, job.DEFAULT_SCALE)] and told == [("people", 0.5)]
    monkeypatch.setattr(job, "publish_demo", full)
    assert job.answer({"seed": 3, "scale": 0.1}, print)["failed"] == {
        "th": "เต็ม",
        "en": "full",
        "busy": False,
    }
    monkeypatch.setattr(job, "publish_demo", broken)
    failed = job.answer({"seed": 3, "scale": 0.1}, print)["failed"]
    assert "secret" not in str(failed) and "secret" in capsys.readouterr().err


def exercise():
    """What the exercise asks for in its tables: what to do, what is seen then, and where."""
    text = (ROOT / "docs" / "workshop.md").read_text(encoding="utf-8")
    return text, [m.groups() for m in re.finditer(r"^\| (.+) \| (.+) \| `(/\S*)` \|$", text, re.MULTILINE)]


def shown(at):
    """All that a page says in words."""
    figures = "\n".join(f"{m.label} {m.value} {m.delta}" for m in at.metric)
    return "\n".join((figures, words(at), *html(at), *(str(x.value) for x in at.code)))


@pytest.mark.usefixtures("used")
def test_the_exercise_names_labels_pages_and_figures_as_they_are(monkeypatch):
    monkeypatch.setattr(links, "st", SimpleNamespace(context=SimpleNamespace(url="http://127.0.0.1/overlay")))
    text, rows = exercise()
    pages: dict[str, str] = {}
    figures = 0
    for _, seen, address in rows:
        path, _, query = address.partition("?")
        page = path.strip("/") or PAGES[0].key
        assert page in {p.key for p in PAGES}
        view = dict(part.split("=") for part in query.split("&") if part)
        for figure in re.findall(r"\*\*([^*]+)\*\*", seen):
            if view.get("area", "TH") == "TH" and page == "overview":
                # There is one province of the country here; the whole has the published figures.
                view = {"year": "2023"}
            if (key := f"{page}{sorted(view.items())}") not in pages:
                at = run(page, taking=page == "overlay", **view)
                pages[key] = shown(at) + "".join(str(code.value) for code in at.get("code"))
            assert figure in pages[key], (address, figure)
            figures += 1
    assert figures >= 20 and len(pages) >= 10
    known = set(texts("th").values())
    labels = {x for x in re.findall("“([^”]+)”", text) if x != "จริงไหม"}
    assert [x for x in labels if x not in known] == []
    times = [int(n) for n in re.findall(r"^\| \d+-(\d+) \|", text, re.MULTILINE)]
    assert times == sorted(times) and times[-1] == 120


def test_the_name_of_a_file_begins_with_what_it_holds():
    assert export.file_name("x", synthetic=True).startswith("synthetic-daomap-x-")
    assert export.file_name("x", synthetic=False).startswith("daomap-x-")
