"""The desk's screen: locked, masked, opened with a reason only, and forgetful."""

from __future__ import annotations

import json
import re
import time
from string import Formatter

import pytest
from streamlit.testing.v1 import AppTest

from desk import guard, screen
from desk.words import HERE
from tests.browser.conftest import ROOT
from tests.desk.made import files, household, person, personal, write
from ui.texts import texts
from warehouse.desk.audit import Audit
from warehouse.desk.command import CODE_VARIABLE
from warehouse.desk.read import read_people

CODE = "ABCD2345"


@pytest.fixture
def filled(desk, intake, keys, tmp_path, monkeypatch):
    monkeypatch.setenv(CODE_VARIABLE, CODE)
    monkeypatch.setattr(guard, "WRONG_PAUSE", 0.0)
    _, made = read_people(list(files(tmp_path / "in", 12)), intake, keys, year=2023, synthetic=True)
    desk.write(made)
    for kept in (guard.settings, guard.store, guard.audit):
        kept.cache_clear()
    yield desk
    guard.store().close()
    for kept in (guard.settings, guard.store, guard.audit):
        kept.cache_clear()


def start(language="en", code=CODE):
    at = AppTest.from_file(HERE / "shell.py", default_timeout=60)
    at.session_state["language"] = language
    at.run()
    if code:
        at.text_input[0].set_value(code)
        at.button[0].click().run()
    assert not at.exception, at.exception
    return at


def sent(at):
    """All bytes that went to the browser."""
    return (
        b"".join(e.proto.SerializeToString() for e in at.main if getattr(e, "proto", None) is not None)
        + str(at.main).encode()
    )


def named(at):
    data = sent(at)
    return [value for value in personal(12) if value.encode() in data]


@pytest.mark.parametrize("code", ["", "wrong", "ABCD2346"])
def test_without_the_code_nothing_is_shown(filled, code):
    at = start(code=code)
    assert not at.dataframe and not at.selectbox and not named(at)
    assert at.title[0].value == texts("en", HERE)["desk.name"]


@pytest.mark.parametrize("language", ["th", "en"])
def test_lists_are_masked_and_say_why(filled, language):
    at = start(language)
    words = texts(language, HERE)
    homes, people = at.dataframe[0].value, at.dataframe[1].value
    assert len(homes) == 12 and len(people) == 36
    assert not named(at)
    for column in ("list.head", "list.house_no"):
        assert set(homes[words[column]]) == {"•••"}
    for column in ("list.name", "list.citizen"):
        assert set(people[words[column]]) == {"•••"}
    assert homes[words["list.reason"]].str.len().min() > 5
    assert homes[words["list.rank"]].tolist() == list(range(1, 13))
    failed = homes[words["list.dimensions"]].tolist()
    assert failed == sorted(failed, reverse=True)
    # The reading of the ambiguous rule stands on the screen, with its income line.
    said = "\n".join(m.value for m in at.markdown)
    assert "100,000" in said and words["rule.dependants_many"] in said


def test_filters_narrow_the_list(filled):
    at = start()
    words = texts("en", HERE)
    at.selectbox(key="f_province_2023_TH").set_value("55").run()
    assert set(at.dataframe[0].value[words["list.household"]]) == {
        code[:4].upper() + "-" + code[4:8].upper() for code in filled.households(2023, "55")["household_id"]
    }
    at.multiselect[1].set_value(["22"]).run()
    wanted = filled.households(2023, "55")
    assert f"**{int((wanted['ind22'] == 1).sum())}** households" in [m.value for m in at.markdown]


def searched(at, number, reason):
    words = texts("en", HERE)
    next(t for t in at.text_input if t.label == words["search.number"]).set_value(number)
    if reason:
        next(s for s in at.selectbox if s.label == words["search.reason"]).set_value(reason)
    next(b for b in at.button if b.label == words["search.find"]).click().run()
    assert not at.exception
    return at


def opened(at, household_id, reason="visit", reference=""):
    boxes = {box.label: box for box in at.selectbox}
    words = texts("en", HERE)
    boxes[words["record.which"]].set_value(household_id)
    if reason:
        boxes[words["record.reason"]].set_value(reason)
    next(t for t in at.text_input if t.label == words["record.reference"]).set_value(reference)
    next(b for b in at.button if b.label == words["record.open"]).click().run()
    assert not at.exception
    return at


def test_a_record_opens_with_a_reason_and_leaves_a_line(filled, keys):
    audit = Audit(filled.home, keys)
    code = keys.code("household", "H00003")[:32]
    at = opened(start(), code, reason=None)
    assert not named(at) and not audit.path.exists() and at.error
    at = opened(start(), code, reference="ชื่อคน")
    assert not named(at) and not audit.path.exists()
    at = opened(start(), code, reference="PKN-7")
    seen = named(at)
    own = [person(n, 3) for n in (9, 10, 11)]
    assert {r["first_name"] for r in own} <= set(seen) and household(3)["house_no"] in seen
    others = {person(n, n // 3)["first_name"] for n in range(36) if n // 3 != 3}
    assert not others & set(seen)
    assert not {r["citizen_id"] for r in own} & set(seen)  # never kept
    assert audit.verify().lines == 1 and "PKN-7" in audit.path.read_text()
    assert not any(value in audit.path.read_text() for value in personal(12))
    next(b for b in at.button if b.label == texts("en", HERE)["record.close"]).click().run()
    assert not named(at)


def test_an_audit_line_that_cannot_be_written_opens_nothing(filled, keys, monkeypatch):
    from warehouse.desk.errors import DeskError

    def full(*_arguments, **_facts):
        raise DeskError("เต็ม", "full")

    monkeypatch.setattr(Audit, "append", full)
    at = opened(start(), keys.code("household", "H00003")[:32])
    assert not named(at) and at.error[0].value == "full"


def test_a_pause_locks_and_forgets(filled, keys, monkeypatch):
    at = opened(start(), keys.code("household", "H00003")[:32])
    assert named(at)
    now = time.monotonic()
    monkeypatch.setattr(guard.time, "monotonic", lambda: now + 15 * 60 + 1)
    at.run()
    assert not named(at) and not at.dataframe
    assert any("15" in i.value for i in at.info)
    assert "opened" not in at.session_state and "unlocked" not in at.session_state


def test_finding_by_number_keeps_nothing_of_it(filled, keys):
    words = texts("en", HERE)
    for typed, expected in (
        ("๙-๐๐๐๐-๐๐๐๐๐-๐๑-๐", "search.found"),
        ("9000000009999", "search.nobody"),
        ("12", "search.wrong"),
    ):
        at = searched(start(), typed, "help")
        shown = [e.value for e in (*at.success, *at.info, *at.warning)]
        start_of = words[expected].split("{")[0]
        assert any(value.startswith(start_of) for value in shown), (typed, shown)
        assert not named(at)
    audit = Audit(filled.home, keys).path.read_text()
    assert "9000000000010" not in audit
    lines = [json.loads(line) for line in audit.splitlines()]
    code = keys.code("household", "H00003")[:32]
    assert [(line["action"], line["record"], line["reason"]) for line in lines] == [
        ("searched", code, "help"),
        ("searched", "none", "help"),
    ]


def test_a_search_needs_a_reason_and_leads_to_the_record(filled, keys, monkeypatch):
    words = texts("en", HERE)
    at = searched(start(), "9000000000010", None)
    assert [e.value for e in at.warning] == [words["search.no_reason"]] and not at.success
    assert not Audit(filled.home, keys).path.exists()
    # The household is on no list that is shown, and can be opened all the same.
    code = keys.code("household", "H00003")[:32]
    monkeypatch.setattr(screen, "_listed", lambda _chosen: filled.households(2023, "10"))
    at = searched(start(), "9000000000010", "help")
    boxes = {box.label: box for box in at.selectbox}
    assert boxes[words["record.which"]].value == f"2023/{code}"
    at = opened(at, f"2023/{code}")
    assert household(3)["house_no"] in named(at)


def test_real_persons_need_the_setting(desk, intake, keys, tmp_path, monkeypatch, capsys):
    from warehouse.cli import main

    monkeypatch.setenv(CODE_VARIABLE, CODE)
    paths = [
        write(tmp_path / "h.csv", [household(n) for n in range(4)]),
        write(tmp_path / "p.csv", [person(n, n // 2, citizen_id="") for n in range(8)]),
    ]
    _, made = read_people(paths, intake, keys, year=2023, synthetic=False)
    desk.write(made)
    for kept in (guard.settings, guard.store, guard.audit):
        kept.cache_clear()
    at = start()
    assert not at.dataframe and "single_user = true" in at.error[0].value.replace("\\", "")
    assert main(["desk", "--language", "en"]) == 1
    assert "single_user = true" in capsys.readouterr().err
    config = tmp_path / "config.toml"
    config.write_text("[desk]\nsingle_user = true\n")
    monkeypatch.setenv("DAOMAP_CONFIG", str(config))
    guard.settings.cache_clear()
    at = start()
    assert len(at.dataframe) == 2 and at.warning[0].value == texts("en", HERE)["desk.single_user"]
    guard.store().close()
    for kept in (guard.settings, guard.store, guard.audit):
        kept.cache_clear()


def test_an_error_is_logged_by_kind_and_place_alone(caplog):
    class SecretError(Exception):
        pass

    try:
        raise SecretError("ซาโลมิเต 0100700000001")
    except SecretError as error:
        caught = error
    with caplog.at_level("ERROR", logger="daomap"):
        guard.LOG.propagate = True
        assert guard.failed(caught)
    assert (
        "SecretError at test_screen.py" in caplog.text
        and "ซาโล" not in caplog.text
        and "0100700" not in caplog.text
    )


def _places(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_say_the_same_things_and_every_text_is_used():
    th, en = texts("th", HERE), texts("en", HERE)
    assert set(th) == set(en)
    assert [k for k in th if _places(th[k]) != _places(en[k])] == []
    thai = re.compile(r"[\u0e00-\u0e7f]")
    assert [k for k in en if thai.search(en[k])] == []
    assert [k for k in th if k != "list.count" and not thai.search(th[k])] == []
    code = "\n".join(p.read_text("utf-8") for p in (ROOT / "desk").glob("*.py"))
    used = [
        re.escape(m).replace(r"\{x\}", r"[\w]+")
        for m in (re.sub(r"{[^}]*}", "{x}", s) for s in re.findall(r"""["']([a-z_]+\.[^"'\s]*)["']""", code))
    ]
    from analytics.vulnerability import READING

    read = {f"rule.{part}" for _, *parts in READING for part in parts}
    assert [k for k in th if k not in read and not any(re.fullmatch(p, k) for p in used)] == []
