"""What the swipe sends to the browser: addresses of this server, one box, one unit, and little of it."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

import ui.swipe
from ui.swipe import Side, picture_name, swipe_data
from ui.texts import Words

BOX = (98.0, 17.0, 99.5, 20.2)
LINES = "/layers/snap-000001-0123456789ab/province/TH/poverty-2018.geojson"


def side(year: int, **changed) -> Side:
    made = Side(
        f"/lights/snap-000001-0123456789ab/modelled/{year}.png?v=1&area=50", BOX, str(year), str(year), "",
        "Modelled", picture_name("modelled", "50", year), "nW/cm²/sr", True,
    )  # fmt: skip
    return replace(made, **changed)


@pytest.mark.parametrize("language", ["th", "en"])
def test_it_is_small_and_says_that_it_is_modelled(language):
    words = Words(language)
    data = swipe_data(words, side(2012), side(2021), place="น่าน", lines=LINES, own="50", notes=["a", "b"])
    assert len(json.dumps(data, ensure_ascii=False).encode()) < 4000
    assert data["flag"] == words("swipe.modelled") and all(s["flag"] for s in data["sides"])
    assert [s["url"][-20:] for s in data["sides"]] == [
        "/2012.png?v=1&area=50"[-20:],
        "/2021.png?v=1&area=50"[-20:],
    ]
    assert [text for _, text in data["stops"]][:3] == ["0.2", "0.5", "1"]
    assert data["stops"][0][0] == 0 and data["stops"][-1][0] == 1
    assert "น่าน" in data["words"]["title"]


def test_one_modelled_side_flags_the_whole():
    data = swipe_data(Words("en"), side(2012, modelled=False), side(2021), place="x", lines=None)
    assert data["flag"] and [bool(s["flag"]) for s in data["sides"]] == [False, True]
    data = swipe_data(
        Words("en"), side(2012, modelled=False), side(2021, modelled=False), place="x", lines=None
    )
    assert data["flag"] == ""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"unit": "DN"}, "one unit"),
        ({"bounds": (98.0, 17.0, 99.5, 20.3)}, "expected one"),
        ({"url": "https://elsewhere.example/2021.png"}, "address of this server"),
        ({"url": "//elsewhere.example/2021.png"}, "address of this server"),
        ({"file": "../x.png"}, "picture_name"),
        ({"file": "x.html"}, "picture_name"),
    ],
)
def test_what_does_not_compare_or_leads_elsewhere_is_refused(changed, said):
    with pytest.raises(ValueError, match=said):
        swipe_data(Words("en"), side(2012), side(2021, **changed), place="x", lines=LINES)


@pytest.mark.parametrize("code", ["50/../..", "ก", "5 0", "a\n"])
def test_a_file_name_holds_nothing_that_is_read_otherwise(code):
    with pytest.raises(ValueError, match="letters, digits"):
        picture_name("modelled", code, 2012)


def test_the_browser_part_makes_no_markup_from_data_and_fetches_nothing_else():
    folder = Path(ui.swipe.__file__).parent
    script = (folder / "swipe.js").read_text("utf-8")
    for banned in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "http",
    ):
        assert banned not in script, banned
    assert re.findall(r"(?<![.\w])fetch\(([\w.]+)\)(?! {)", script) == ["data.lines"]
    for name in ("swipe.css", "swipe.html"):
        assert not re.search(r"http|@import|url\(|<script|\son\w+=", (folder / name).read_text("utf-8"))
