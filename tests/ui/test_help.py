"""Help: every page has its guide, every entry its address, and links keep the view."""

from urllib.parse import parse_qs

import pytest

from analytics.definitions import load_definitions
from analytics.glossary import load_methods, load_terms
from tests.ui.test_pages import run, words
from ui.help_topics import PARTS, lessons, load_guides, load_lessons, of_part, search, topic_of, topics
from ui.registry import PAGES
from ui.state import View, parse, to_params
from ui.texts import texts

KEYS = {page.key for page in PAGES}


def links(at):
    """Page and address parameters of every link of a page."""
    return [
        (e.proto.page, {k: v[0] for k, v in parse_qs(e.proto.query_string).items()})
        for e in at.get("page_link")
    ]


def test_every_page_has_a_guide_of_the_same_length_in_both_languages():
    guides = load_guides()
    assert set(guides) >= KEYS
    for guide in guides.values():
        assert len(guide.read_th) == len(guide.read_en) >= 2, guide.key
        assert guide.not_th and guide.not_en


def test_terms_and_methods_name_pages_that_have_a_guide():
    for entry in (*load_terms().values(), *load_methods().values()):
        assert set(entry.pages) <= set(load_guides()), entry.id


@pytest.mark.parametrize("language", ["th", "en"])
def test_every_entry_has_a_title_and_an_address_of_its_own(language):
    known = topics(language)
    counted = {part: len(of_part(part, language)) for part in PARTS}
    assert counted == {
        "page": len(PAGES),
        "term": len(load_terms()),
        "method": len(load_methods()),
        "years": len(load_definitions()),
        "exercise": len(load_lessons()),
    }
    titles = [(topic.part, topic.title) for topic in known.values()]
    assert len(set(titles)) == len(titles)
    for name in known:
        view = View(topic=name)
        exists = {"area_exists": bool, "indicator_exists": bool}
        assert parse(to_params(view), **exists).topic == name
        assert topic_of(name, language).id == name
    assert topic_of("term-nothing", language) == topic_of("", language)


@pytest.mark.parametrize("wrong", ["<b>", "../x", "term-", "A", "ก", "a" * 80, "-m0", "term-m0\n"])
def test_an_address_that_names_no_entry_falls_back(wrong):
    exists = {"area_exists": bool, "indicator_exists": bool}
    assert parse({"topic": wrong, "role": wrong}, **exists) == View()


def test_a_search_finds_titles_first_and_both_languages():
    assert search("M0", "th")[0].id == "term-m0"
    assert "term-suppressed" in [t.id for t in search("ปกปิด", "th")][:3]
    assert any(t.id == "term-target_poor" for t in search("target poor", "th"))
    assert search("ไม่มีคำนี้แน่นอน", "th") == []


def test_the_exercise_is_cut_at_its_headings_and_its_addresses_are_links():
    found = load_lessons()
    assert len(found) >= 9
    text = "\n".join(lesson.text for lesson in found)
    assert "(overview?workshop=1&area=55)" in text and "`/" not in text
    assert lessons("no heading") == ()


@pytest.mark.usefixtures("embedded_home")
@pytest.mark.parametrize(
    ("topic", "language", "said"),
    [
        ("page-night_light", "th", "แสงไม่ใช่ความยากจน"),
        ("term-m0", "en", "H times A"),
        ("method-alkire_foster", "th", "Alkire และ Foster"),
        ("years-mpi-2566", "th", "4,405,684"),
        ("exercise-1", "en", "The exercise is in Thai"),
        ("term-nothing", "th", "หน้าแรก"),
    ],
)
def test_an_entry_opens_by_its_address(topic, language, said):
    at = run("help", topic=topic, lang=language, area="55")
    assert not at.error
    assert said in words(at)
    if topic.startswith("method"):
        assert len(at.get("latex") or [m for m in at.markdown if "$$" in m.value]) == 4


@pytest.mark.usefixtures("embedded_home")
def test_searching_and_choosing_opens_an_entry():
    at = run("help")
    at.text_input(key="help_search").set_value("ดาว").run()
    at.get("button_group")
    assert (
        "term-stars" in _pills(at, "w_help_results").options or "ดาว" in _pills(at, "w_help_results").options
    )
    at.text_input(key="help_search").set_value("zzzz").run()
    assert any("zzzz" in i.value for i in at.info)
    at.text_input(key="help_search").set_value("").run()
    _pills(at, "w_help_part").set_value("method").run()
    assert at.query_params["topic"] in ("method-poverty_rate", ["method-poverty_rate"])


def _pills(at, key):
    return next(e for e in at.get("button_group") if e.key == key)


@pytest.mark.usefixtures("embedded_home")
def test_links_of_every_page_keep_area_language_and_year():
    for key in ("home", "help", "overview"):
        found = links(run(key, area="55", lang="en", year="2018", topic="term-stars"))
        assert found, key
        for page, query in found:
            assert page in KEYS | {""}
            assert query["lang"] == "en" and query["year"] == "2018", (key, page)
            assert query["area"][:2] == "55", (key, page, query)
    assert ("help", "page-overview") in [(page, query.get("topic")) for page, query in found]


def test_the_words_of_definitions_are_there():
    for entry in load_definitions().values():
        assert f"help.measure_{entry.measure}" in texts("th")
        assert f"help.confidence_{entry.confidence.lower()}" in texts("th")
