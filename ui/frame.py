"""What surrounds every page: the view in the address, language, search, breadcrumb, the way down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any, TypeVar

import streamlit as st

from analytics.catalogue import load_catalogue
from geo.codes import COUNTRY, Area
from ui import data
from ui.errors import note
from ui.links import link_of
from ui.markdown import escape_markdown
from ui.palette import Theme, theme
from ui.registry import page
from ui.state import LANGUAGES, View, parse, to_params
from ui.style import THAI_DIGITS
from ui.tables import display_name
from ui.texts import Words
from warehouse.query import QueryError, Warehouse
from warehouse.snapshots import StoreError
from warehouse.workshop import is_workshop

_CONTEXT = "_context"
_REMEMBERED = "_remembered_params"
_SEARCH = "area_search"
_RECENT = "_recent_areas"
RECENT = 6
"""Areas remembered of a session, and nowhere else."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Context:
    """All a page needs to know, fixed for one run of the script.

    Attributes
    ----------
    unmade : bool
        The workshop's country is asked for and is not there: no page is drawn, and `warehouse` is the ordinary one.
    """

    warehouse: Warehouse
    view: View
    area: Area
    words: Words
    theme: Theme
    unmade: bool = False

    @property
    def synthetic(self) -> bool:
        """Whether the numbers are the synthetic country's, of which every screen and file says so."""
        return is_workshop(self.warehouse.info)

    def name(self, area: Area) -> str:
        """An area's name in the language of the screen, with its kind in front."""
        return area_title(area, self.words)


def area_title(area: Area, words: Words) -> str:
    """``จังหวัดน่าน`` or ``Nan province``; Bangkok's districts and subdistricts are เขต and แขวง."""
    if area.level == "country":
        return words.pick(area.name_th, area.name_en)
    if area.code == "10":
        return words("area.bangkok", name=words.pick(area.name_th, area.name_en))
    kind = "municipal" if area.kind == "municipal" else area.level
    if area.code.startswith("10") and kind in ("district", "subdistrict"):
        kind = f"bangkok_{kind}"
    return words(f"area.{kind}", name=display_name(area.name_th, area.name_en, area.kind, words))


def _exists(warehouse: Warehouse, code: str) -> bool:
    try:
        warehouse.area(code)
    except QueryError:
        return False
    return True


def _offered(name: str) -> bool:
    """Whether some page shows an indicator: what maps offer, and NEET, whose sources have a map of their own."""
    entry = load_catalogue().get(name)
    return entry is not None and (entry.map or entry.theme == "neet")


def _opened(workshop: bool) -> tuple[Warehouse, bool]:
    """The snapshot asked for, and whether it is the workshop's and could not be opened."""
    ordinary = data.warehouse()
    # A server that was started over the workshop's own home has nothing to switch to.
    if not workshop or is_workshop(ordinary.info):
        return ordinary, False
    if data.workshop_store().snapshots.is_dir():
        try:
            house = data.warehouse(workshop=True)
            if is_workshop(house.info):
                return house, False
        except StoreError as error:
            note(error, "workshop")
    return ordinary, True


def open_context() -> Context:
    """Read the address into a view; called by the shell at the start of every run."""
    # Changing the page empties the address; the view chosen in this session is put back.
    if not st.query_params and _REMEMBERED in st.session_state:
        st.query_params.from_dict(st.session_state[_REMEMBERED])
    warehouse, unmade = _opened(st.query_params.get("workshop") == "1")
    view = parse(
        st.query_params.to_dict(),
        area_exists=lambda code: _exists(warehouse, code),
        indicator_exists=_offered,
        language=data.settings().display.default_language,
    )
    st.session_state[_REMEMBERED] = to_params(view)
    if view.area != COUNTRY:
        before = [code for code in st.session_state.get(_RECENT, ()) if code != view.area]
        st.session_state[_RECENT] = [view.area, *before][:RECENT]
    context = Context(
        warehouse, view, warehouse.area(view.area), Words(view.lang), theme(st.context.theme.type), unmade
    )
    st.session_state[_CONTEXT] = context
    return context


def context() -> Context:
    """The context of this run."""
    return st.session_state[_CONTEXT]


def changed(view: View, **changes: Any) -> View:
    """The view with changes: another area takes the mark away, and other classes the one that was looked at alone."""
    if "area" in changes:
        changes.setdefault("mark", "")
    if changes.keys() & {"ind", "method", "k", "breaks", "lock", "measure", "source"}:
        changes.setdefault("only", "")
    return replace(view, **changes)


def go(**changes: Any) -> None:
    """Change the view; for callbacks, which run before the script reads the address again."""
    st.query_params.from_dict(to_params(changed(context().view, **changes)))


def recent_areas() -> list[Area]:
    """Areas looked at in this session before the one shown, the last one first."""
    c = context()
    codes = [code for code in st.session_state.get(_RECENT, ()) if code != c.area.code]
    return [c.warehouse.area(code) for code in codes if _exists(c.warehouse, code)]


def open_area(code: str) -> None:
    """Look at another area; for callbacks. What stands in the search goes away with the old one."""
    st.session_state[_SEARCH] = ""
    go(area=code)


def link(key: str, label: str, *, icon: str | None = None, width: Any = "content", **changes: Any) -> None:
    """A link to a page that keeps the view; nothing where this edition has no such page.

    Parameters
    ----------
    key : str
        Of the page.
    label : str
        Markdown; text from data is escaped by the caller.
    changes : Any
        Fields of the view that are different there.
    """
    entry = page(key)
    if entry is not None:
        st.page_link(
            str(entry.path),
            label=label,
            icon=entry.icon if icon is None else icon,
            help="",
            width=width,
            query_params=to_params(changed(context().view, **changes)),
        )


def help_link(key: str) -> None:
    """A link to how the page `key` is read."""
    link("help", context().words("frame.read"), icon=":material/help:", topic=f"page-{key}")


def _commit(name: str) -> None:
    go(**{name: st.session_state[f"w_{name}"]})


def choose(
    widget: Callable[..., Any],
    label: str,
    name: str,
    options: Sequence[T],
    format_func: Callable[[T], str],
    value: T | None = None,
    **extra: Any,
) -> T:
    """A widget for one field of the view, set from the address (or from `value`) before it is drawn."""
    value = getattr(context().view, name) if value is None else value
    key = f"w_{name}"
    st.session_state[key] = value if value in options else options[0]
    return widget(label, options, key=key, format_func=format_func, on_change=_commit, args=(name,), **extra)


def language_switch() -> None:
    words = context().words
    names = {"th": "ไทย", "en": "English"}
    choose(
        st.segmented_control,
        words("frame.language"),
        "lang",
        LANGUAGES,
        lambda code: names[code],
        required=True,
        label_visibility="collapsed",
    )


_speak = st.components.v2.component(
    "daomap_language", js="export default ({ data }) => { document.documentElement.lang = data; };"
)


def spoken_language() -> None:
    """Tell the browser which language the page is in: Streamlit's page says English, and screen readers would read Thai so."""
    _speak(key="spoken_language", data=context().words.language, height="content")


def _switch_digits() -> None:
    go(digits="thai" if st.session_state["w_digits"] else "arabic")


def digits_switch() -> None:
    """Thai digits or not, and the font that draws them; on the Thai screen only."""
    c = context()
    if c.words.language != "th":
        return
    if c.view.digits == "thai":
        st.html(f"<style>{THAI_DIGITS}</style>")
    st.session_state["w_digits"] = c.view.digits == "thai"
    st.toggle(
        c.words("frame.digits"), key="w_digits", on_change=_switch_digits, help=c.words("frame.digits_help")
    )


def foot() -> None:
    """What paper carries of every screen: which snapshot it shows, and the address that opens the same view."""
    c = context()
    text = c.words("frame.foot", snapshot=c.warehouse.snapshot[:11], address=link_of(c.view))
    st.html(f'<p class="daomap-foot">{escape(text)}</p>')


def _switch_workshop() -> None:
    go(workshop=st.session_state["w_workshop"])


def workshop_switch() -> None:
    """The one switch between what the home holds and the synthetic country; not drawn where that is all there is."""
    c = context()
    if is_workshop(data.warehouse().info):
        return
    st.session_state["w_workshop"] = c.view.workshop
    st.toggle(
        c.words("workshop.switch"),
        key="w_workshop",
        on_change=_switch_workshop,
        help=c.words("workshop.help"),
    )


def _open_child() -> None:
    code = st.session_state.get("w_child")
    if code:
        open_area(code)


def search_box() -> None:
    """Search by name, prefix or code, and the list of the areas inside the one looked at."""
    c = context()
    with st.container(
        horizontal=True, vertical_alignment="bottom", gap="small", key="picker", width="stretch"
    ):
        st.text_input(
            c.words("frame.search"),
            key=_SEARCH,
            placeholder=c.words("frame.search_hint"),
            live=True,
            width=230,
        )
        children = c.warehouse.children(c.area.code)
        if children:
            names = {a.code: c.words.pick(a.name_th, a.name_en) for a in children}
            codes = sorted(names, key=lambda code: names[code])
            st.session_state["w_child"] = None
            st.selectbox(
                c.words(f"frame.into_{children[0].level}"),
                codes,
                index=None,
                format_func=names.__getitem__,
                placeholder=c.words("frame.choose", n=len(codes)),
                key="w_child",
                on_change=_open_child,
                width=200,
            )


def search_results() -> None:
    """A button for each area that the search found."""
    c = context()
    text = st.session_state.get(_SEARCH, "").strip()
    if not text:
        return
    found = c.warehouse.search(text)
    if not found:
        st.info(c.words("frame.nothing_found", text=escape_markdown(text)), icon=":material/search_off:")
    with st.container(horizontal=True, gap="small", key="search_results"):
        for area in found:
            above = c.warehouse.path(area.code)[1:-1]
            trail = " · ".join(c.words.pick(a.name_th, a.name_en) for a in reversed(above))
            label = escape_markdown(c.name(area) + (f" ({trail})" if trail else ""))
            st.button(label, key=f"found_{area.code}", on_click=open_area, args=(area.code,))


def breadcrumb() -> None:
    """The way from the country down to the area, and one level up."""
    c = context()
    path = c.warehouse.path(c.area.code)
    if len(path) == 1:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="breadcrumb"):
        st.button(
            c.words("frame.up"),
            icon=":material/arrow_upward:",
            on_click=open_area,
            args=(path[-2].code,),
            key="go_up",
            help=escape_markdown(c.name(path[-2])),
        )
        for area in path[:-1]:
            st.button(
                escape_markdown(c.name(area)),
                type="tertiary",
                on_click=open_area,
                args=(area.code,),
                key=f"crumb_{area.code}",
            )
            st.markdown("›", width="content")
        st.markdown(f"**{escape_markdown(c.name(c.area))}**", width="content")
