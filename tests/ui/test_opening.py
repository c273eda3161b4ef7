"""What is pressed is marked, on the map and in every table; what is pressed again is opened."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.ui.test_pages import run
from ui import live_legend, opening
from ui.legend import LegendRow
from ui.state import View
from ui.texts import Words
from warehouse.report import QueryError


class House:
    def area(self, code):
        if len(code) > 6:
            raise QueryError("ไม่พบ", "not found")
        return SimpleNamespace(code=code)


@pytest.fixture
def desk(monkeypatch):
    """A view, a session state and what was asked for, without a browser."""
    made = SimpleNamespace(view=View(), state={}, asked=[])
    monkeypatch.setattr(opening, "context", lambda: SimpleNamespace(view=made.view, warehouse=House()))
    monkeypatch.setattr(opening, "go", lambda **changes: made.asked.append(changes))
    monkeypatch.setattr(opening.st, "session_state", made.state)
    return made


class Rows(dict):
    @property
    def selection(self):
        return SimpleNamespace(rows=self["selection"]["rows"])


def chosen(*rows):
    return Rows(selection={"rows": list(rows), "columns": [], "cells": []})


def test_a_row_marks_and_pressed_again_opens(desk):
    press = opening.row_opens("t", ["55", "56"])
    desk.state["t"] = chosen(1)
    press()
    assert desk.asked.pop() == {"mark": "56"}
    desk.view = View(mark="56")
    press = opening.row_opens("t", ["55", "56"])
    desk.state["t"] = chosen()
    press()
    assert desk.asked.pop() == {"area": "56"}
    # What was marked on a map and is pressed in the table is pressed again.
    desk.state["t"] = chosen(1)
    press()
    assert desk.asked.pop() == {"area": "56"}
    # Of a table without the marked area nothing is opened.
    desk.view = View(mark="57")
    desk.state["t"] = chosen()
    press()
    assert desk.asked == []


def test_the_row_of_an_area_marked_elsewhere_is_chosen_and_let_go_with_it(desk):
    desk.view = View(mark="56")
    opening.row_opens("t", ["55", "56"])
    assert desk.state["t"]["selection"]["rows"] == [1]
    before = desk.state["t"]
    opening.row_opens("t", ["55", "56"])
    assert desk.state["t"] is before
    desk.view = View()
    opening.row_opens("t", ["55", "56"])
    assert desk.state["t"]["selection"]["rows"] == []
    opening.row_opens("other", ["55"])
    assert "other" not in desk.state


def test_a_map_marks_opens_and_lets_go(desk):
    def press(**objects):
        picked = {name: [{"properties": p}] for name, p in objects.items()}
        desk.state["m"] = SimpleNamespace(selection=SimpleNamespace(objects=picked))
        opening.map_opens("m", points=True)()
        return desk.asked.pop() if desk.asked else None

    assert press(areas={"code": "55"}) == {"mark": "55"}
    assert press() is None
    desk.view = View(mark="55")
    assert press(**{"mark-55": {"code": "55"}}) == {"area": "55"}
    assert press(**{"mark-55": {"code": "56"}}) == {"mark": "56"}
    assert press() == {"mark": ""}
    # A point is opened at once; a village the snapshot has no area for leads to its subdistrict.
    assert press(points={"c": "55010203"}) == {"area": "550102"}


def test_a_legend_s_class_is_chosen_and_let_go(monkeypatch):
    asked, view = [], View()
    monkeypatch.setattr(live_legend, "go", lambda **changes: asked.append(changes))
    monkeypatch.setattr(live_legend, "context", lambda: SimpleNamespace(view=view))
    monkeypatch.setattr(live_legend.st, "session_state", {"k": {"pressed": "3"}})
    live_legend._press("k")()
    view = View(only="3")
    live_legend._press("k")()
    assert asked == [{"only": "3"}, {"only": ""}]


def test_a_legend_sends_words_and_no_markup():
    c = SimpleNamespace(view=View(only="1"), words=Words("en"))
    rows = [LegendRow((1, 2, 3), "<b>high", 1234, "1"), LegendRow((4, 5, 6), "low", 2)]
    sent = live_legend.legend_data(
        c, "t", "u", rows, LegendRow((7, 8, 9), "none", 3, "missing"), ["n"], "areas"
    )
    assert sent["rows"] == [
        ["#010203", "<b>high", "1,234", "1", ""],
        ["#040506", "low", "2", "", ""],
        ["#070809", "none", "3", "missing", "none"],
    ]
    assert sent["only"] == "1" and sent["notes"] == ["n"] and sent["press"] and sent["all"]
    script = (live_legend.Path(live_legend.__file__).parent / "live_legend.js").read_text("utf-8")
    for banned in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "fetch",
        "http",
    ):
        assert banned not in script, banned


@pytest.mark.usefixtures("embedded_home")
def test_the_bar_names_the_marked_area_and_opens_it_or_lets_go():
    at = run("poverty_map", year="2018", mark="55", lang="en", ind="target_poor_rate", only="2")
    assert any("Nan province" in m.value for m in at.markdown)
    at.button(key="leave_marked").click().run()
    assert "mark" not in at.query_params and at.query_params["only"] in ("2", ["2"])
    at = run("poverty_map", year="2018", mark="55", lang="en", ind="target_poor_rate", only="2")
    at.button(key="open_marked").click().run()
    assert at.query_params["area"] in ("55", ["55"]) and "mark" not in at.query_params
    # Other classes have no such class to look at.
    at.selectbox(key="w_ind").set_value("mpi_poor_rate").run()
    assert "only" not in at.query_params
