"""What the help can explain, as data: an entry of any part has an id that an address names, a title, and texts to be found by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from analytics.definitions import Definition, load_definitions
from analytics.formatting import year_text
from analytics.glossary import load_methods, load_terms, matches
from analytics.spec_tables import SpecTable, each_once, read_text, top_table
from ui.registry import PAGES
from ui.texts import Words

PARTS: Final = ("page", "term", "method", "years", "exercise")
"""Parts of the help in their order; the id of an entry begins with its part."""
OPEN_END: Final = 2100
"""A definition whose last year is this or later holds until somebody writes otherwise."""
_ROOT: Final = Path(__file__).resolve().parent
EXERCISE_FILE: Final = _ROOT.parent / "docs" / "workshop.md"
_ADDRESS: Final = re.compile(r"`/([^`\s]*)`")


@dataclass(frozen=True, slots=True)
class Guide:
    """How a page is read, in both languages.

    Attributes
    ----------
    read_th, read_en : tuple of str
        What to look at, in order.
    not_th, not_en : str
        What the page does not say.
    """

    key: str
    read_th: tuple[str, ...]
    read_en: tuple[str, ...]
    not_th: str
    not_en: str


@dataclass(frozen=True, slots=True)
class Topic:
    """One entry of the help.

    Attributes
    ----------
    id : str
        As in the address, ``term-m0``.
    part : str
        Of `PARTS`.
    title : str
        In one language.
    texts : tuple of str
        What a search looks through.
    """

    id: str
    part: str
    title: str
    texts: tuple[str, ...]

    @property
    def local(self) -> str:
        """The id without its part."""
        return self.id.partition("-")[2]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A section of the trainer's exercise: its heading and its text as Markdown of our own."""

    title: str
    text: str


@cache
def load_guides() -> Mapping[str, Guide]:
    """How each page is read, by its key.

    Raises
    ------
    SpecError
        When ``guide.toml`` lacks a text or holds something else.
    """
    top = top_table(read_text(_ROOT / "guide.toml"), "guide.toml")
    guides = [_guide(table) for table in top.tables("page")]
    top.finish()
    each_once("guide.toml", "key", [guide.key for guide in guides])
    return MappingProxyType({guide.key: guide for guide in guides})


def _guide(table: SpecTable) -> Guide:
    guide = Guide(
        table.text("key"),
        table.texts("read_th"),
        table.texts("read_en"),
        table.text("not_th"),
        table.text("not_en"),
    )
    table.finish()
    return guide


@cache
def load_lessons() -> tuple[Lesson, ...]:
    """The sections of the exercise, in order; none where the program was installed without its documents."""
    if not EXERCISE_FILE.is_file():
        return ()
    return lessons(EXERCISE_FILE.read_text(encoding="utf-8"))


def lessons(text: str) -> tuple[Lesson, ...]:
    """Cut the exercise at its headings; addresses become links that open beside it.

    >>> lessons("# A\\n\\nb `/overview?area=55`\\n\\n## C\\n\\nd")[0]
    Lesson(title='A', text='b [overview?area=55](overview?area=55)')
    """
    found = []
    for block in re.split(r"^#{1,2} ", text, flags=re.M)[1:]:
        title, _, body = block.partition("\n")
        found.append(Lesson(title.strip(), _ADDRESS.sub(_linked, body).strip()))
    return tuple(found)


def _linked(found: re.Match[str]) -> str:
    # Relative to the help's own address, so that a server under a path of its own is met too.
    return f"[{found[1] or './'}]({found[1] or './'})"


def definition_title(entry: Definition, w: Words) -> str:
    """What a definition counts and in which years, such as ``คนจนเป้าหมาย พ.ศ. 2561–2565``."""
    name = w(f"help.measure_{entry.measure}")
    if entry.by_source:
        treatment = w("manage.definition_" + entry.id.rpartition("-")[2])
        return f"{name}: {w('manage.option_definition')} {treatment}"
    if entry.last_year >= OPEN_END:
        return name
    first, last = (year_text(year, w.language) for year in (entry.first_year, entry.last_year))
    return f"{name} {w('year.shown', year=first if first == last else f'{first}–{last}')}"


@cache
def topics(language: str) -> Mapping[str, Topic]:
    """Every entry by its id, part by part."""
    w = Words(language)
    found = []
    guides = load_guides()
    for entry in PAGES:
        guide = guides[entry.key]
        texts = (*w.pick(guide.read_th, guide.read_en), w.pick(guide.not_th, guide.not_en))
        found.append(_topic("page", entry.key, w(f"page.{entry.key}.title"), *texts))
    for term in load_terms().values():
        # Both names are found from both languages: people meet the English letters on Thai screens.
        names = (term.name_th, term.name_en)
        found.append(_topic("term", term.id, w.pick(*names), *names, w.pick(term.text_th, term.text_en)))
    for method in load_methods().values():
        names = (method.name_th, method.name_en)
        found.append(
            _topic("method", method.id, w.pick(*names), *names, w.pick(method.text_th, method.text_en))
        )
    for definition in load_definitions().values():
        text = w.pick(definition.text_th, definition.text_en)
        found.append(_topic("years", definition.id, definition_title(definition, w), text))
    for number, lesson in enumerate(load_lessons()):
        found.append(_topic("exercise", str(number) if number else "", lesson.title, lesson.text))
    return MappingProxyType({topic.id: topic for topic in found})


def _topic(part: str, name: str, title: str, *texts: str) -> Topic:
    return Topic(f"{part}-{name}" if name else part, part, title, (title, *texts))


def topic_of(wanted: str, language: str) -> Topic:
    """The entry an address names; the first one where there is no such entry."""
    known = topics(language)
    return known.get(wanted) or next(iter(known.values()))


def of_part(part: str, language: str) -> list[Topic]:
    """The entries of a part; words in the order of the alphabet, the others as they follow each other."""
    found = [topic for topic in topics(language).values() if topic.part == part]
    return sorted(found, key=lambda topic: topic.title.casefold()) if part == "term" else found


def search(wanted: str, language: str) -> list[Topic]:
    """Entries in which every word of a search stands, those with it in their title first."""
    found = [topic for topic in topics(language).values() if matches(wanted, topic.texts)]
    return sorted(found, key=lambda topic: not matches(wanted, [topic.title]))
