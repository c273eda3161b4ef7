"""The blocks of the help: search and list, and the entry that is open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from analytics.catalogue import load_catalogue
from analytics.definitions import definition
from analytics.glossary import load_methods, load_terms
from ui.frame import Context, go, link
from ui.help_topics import PARTS, Topic, load_guides, load_lessons, of_part, search, topic_of, topics
from ui.markdown import escape_markdown
from ui.registry import page

_FOUND = 24
"""Most results of a search that are listed."""


def index_panel(c: Context, open_topic: Topic) -> None:
    """Search through everything, or the entries of one part."""
    w = c.words
    wanted = st.text_input(
        w("help.search"), key="help_search", placeholder=w("help.search_hint"), live=True
    ).strip()
    if wanted:
        found = search(wanted, w.language)
        if not found:
            st.info(w("help.nothing", text=escape_markdown(wanted)), icon=":material/search_off:")
            return
        st.caption(w("help.found", n=len(found), shown=min(len(found), _FOUND)))
        _choose(c, w("help.results"), found[:_FOUND], open_topic, "help_results")
        return
    parts = [part for part in PARTS if of_part(part, w.language)]
    st.session_state["w_help_part"] = open_topic.part
    st.segmented_control(
        w("help.part"),
        parts,
        key="w_help_part",
        format_func=lambda part: w(f"help.part_{part}"),
        on_change=_open_part,
        args=(w.language,),
        required=True,
        label_visibility="collapsed",
        wrap=True,
    )
    _choose(
        c, w(f"help.part_{open_topic.part}"), of_part(open_topic.part, w.language), open_topic, "help_list"
    )


def _open_part(language: str) -> None:
    go(topic=of_part(st.session_state["w_help_part"], language)[0].id)


def _choose(c: Context, label: str, found: Sequence[Topic], open_topic: Topic, key: str) -> None:
    """A button an entry; one element, however many there are."""
    ids = [topic.id for topic in found]
    titles = {topic.id: escape_markdown(topic.title) for topic in found}
    st.session_state[f"w_{key}"] = open_topic.id if open_topic.id in titles else None
    st.pills(
        label,
        ids,
        key=f"w_{key}",
        format_func=titles.__getitem__,
        on_change=_open_chosen,
        args=(f"w_{key}",),
        label_visibility="collapsed",
        wrap=True,
    )


def _open_chosen(key: str) -> None:
    if st.session_state[key] is not None:
        go(topic=st.session_state[key])


def entry_panel(c: Context, topic: Topic) -> None:
    """The open entry."""
    st.subheader(escape_markdown(topic.title), anchor=False)
    _PANELS[topic.part](c, topic)


def _page(c: Context, topic: Topic) -> None:
    w, guide = c.words, load_guides()[topic.local]
    st.caption(w(f"page.{topic.local}.help"))
    st.markdown("\n".join(f"{n}. {line}" for n, line in enumerate(w.pick(guide.read_th, guide.read_en), 1)))
    st.info(w.pick(guide.not_th, guide.not_en), icon=":material/priority_high:")
    link(topic.local, w("help.open_page"))
    terms = [t.id for t in load_terms().values() if topic.local in t.pages]
    _related(c, w("help.terms_here"), [f"term-{name}" for name in terms], "help_terms_here")
    methods = [m.id for m in load_methods().values() if topic.local in m.pages]
    _related(c, w("help.methods_here"), [f"method-{name}" for name in methods], "help_methods_here")


def _term(c: Context, topic: Topic) -> None:
    w, term = c.words, load_terms()[topic.local]
    st.caption(escape_markdown(w.pick(term.name_en, term.name_th)))
    st.markdown(w.pick(term.text_th, term.text_en))
    if term.formula:
        st.latex(term.formula)
    related = [f"method-{term.method}"] if term.method else []
    _related(c, w("help.related"), [*related, *(f"term-{name}" for name in term.see)], "help_related")
    _seen_on(c, term.pages)


def _method(c: Context, topic: Topic) -> None:
    w, method = c.words, load_methods()[topic.local]
    st.markdown(w.pick(method.text_th, method.text_en))
    for formula in method.formulas:
        st.latex(formula)
    st.markdown(f"**{w('help.where')}** {w.pick(method.where_th, method.where_en)}")
    st.caption(w("help.source", source=w.pick(method.source_th, method.source_en)))
    terms = [t.id for t in load_terms().values() if t.method == method.id]
    _related(c, w("help.terms_of"), [f"term-{name}" for name in terms], "help_terms_of")
    _seen_on(c, method.pages)


def _years(c: Context, topic: Topic) -> None:
    w, entry = c.words, definition(topic.local)
    st.markdown(w.pick(entry.text_th, entry.text_en))
    named = [i for i in load_catalogue().values() if entry.names(i.id) and not i.imported]
    first = ", ".join(w.pick(indicator.name_th, indicator.name_en) for indicator in named[:6])
    st.markdown(f"**{w('help.counted')}** {escape_markdown(first)}")
    if len(named) > 6:
        st.caption(w("help.counted_more", n=len(named) - 6))
    st.caption(w("help.source", source=entry.source))
    st.caption(w(f"help.confidence_{entry.confidence.lower()}"))
    st.markdown(w("help.years_rule"))
    link("data", w("help.open_dictionary"), part="dictionary")


def _exercise(c: Context, topic: Topic) -> None:
    w = c.words
    if w.language != "th":
        st.caption(w("help.exercise_thai"))
    if not c.synthetic:
        st.info(w("help.exercise_off"), icon=":material/co_present:")
    number = int(topic.local or 0)
    with st.container(key="help_lesson"):
        # On a phone the tables scroll, and the page does not.
        st.html("<style>.st-key-help_lesson [data-testid=stMarkdownContainer]{overflow-x:auto}</style>")
        st.markdown(load_lessons()[number].text)
    if number + 1 < len(load_lessons()):
        link("help", w("help.next_lesson"), icon=":material/arrow_forward:", topic=f"exercise-{number + 1}")


_PANELS: Mapping[str, Callable[[Context, Topic], None]] = {
    "page": _page,
    "term": _term,
    "method": _method,
    "years": _years,
    "exercise": _exercise,
}


def _related(c: Context, label: str, ids: Sequence[str], key: str) -> None:
    known = topics(c.words.language)
    if ids:
        st.caption(label)
        _choose(c, label, [known[name] for name in ids], topic_of("", c.words.language), key)


def _seen_on(c: Context, keys: Sequence[str]) -> None:
    """Links to the pages where something is met, of those this edition has."""
    w = c.words
    there = [key for key in keys if page(key) is not None]
    if there:
        st.caption(w("help.seen_on"))
        with st.container(horizontal=True, gap="small"):
            for key in there:
                link(key, w(f"page.{key}.title"))
