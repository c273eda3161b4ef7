"""The one block by which a view is taken away, at the same place on every page: tables, map data, paper, and the link.

The shell draws the button; while it is closed nothing stands in it and pages hand over nothing. Pages call `download_buttons`
with callables, and each file is made when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from geo.exchange import GEOJSON_TYPE, GEOPACKAGE_TYPE, FeatureTable, geojson_bytes, geopackage_bytes
from ui import export
from ui.features import about
from ui.frame import Context, context
from ui.links import link_of, opens_here_only
from ui.markdown import escape_markdown
from ui.print_map import PAPERS, SUFFIXES, TYPES, Paper
from ui.qr import qr_png
from ui.state import View

if TYPE_CHECKING:
    from ui.print_panels import PaperMap

KEY = "download"
WIDTH = 500  # pixels; narrower screens get less
_PLACE = "_download_place"


@dataclass(frozen=True, slots=True)
class Features:
    """One layer that a view offers to GIS programs.

    Attributes
    ----------
    title : str
        What stands on its button where a view has several.
    make : callable
        Makes the layer.
    """

    title: str
    make: Callable[[], FeatureTable]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the open block takes files and the link."""

    files: Any
    link: Any


def download_block() -> None:
    """The button, and while it is open the link of the view; called by the shell before the page."""
    c = context()
    w = c.words
    st.session_state[_PLACE] = None
    # What stands in a closed box is not sent, and not made.
    box = st.popover(w("download.heading"), icon=":material/download:", on_change="rerun", key=KEY)
    if box.open:
        with box:
            files = st.container(key="download_files", gap="xsmall", width=WIDTH)
            link = st.container(key="download_link", width=WIDTH).empty()
        st.session_state[_PLACE] = _Place(files, link)
        _link(c, link, c.view)


def download_place() -> Any:
    """The container that takes files; None while the block is closed."""
    place = st.session_state.get(_PLACE)
    return None if place is None else place.files


def download_buttons(
    c: Context,
    stem: Sequence[str],
    csv_file: Callable[[], bytes],
    workbook: Callable[[], bytes],
    *,
    key: str,
    title: str = "",
    notes: Callable[[], Sequence[str]] = lambda: (),
    features: Sequence[Features] = (),
    paper: Callable[[], PaperMap] | None = None,
    view: View | None = None,
) -> None:
    """Everything a view can be taken away as; each file is made only when asked for.

    Parameters
    ----------
    stem : sequence of str
        Parts of the files' names.
    csv_file, workbook : callable
        Make the tables.
    title : str
        What the files hold, for pages that offer several views; plain text.
    notes : callable
        Lines that map data carry: sources, years, warnings.
    features : sequence of Features
        Layers with outlines or points.
    paper : callable, optional
        Makes the map that is printed.
    view : View, optional
        The view with everything in it that the address leaves open, such as the newest year, so that its link opens the same
        numbers when there are newer ones.
    """
    place = st.session_state.get(_PLACE)
    if place is None:
        return
    w = c.words
    shown = c.view if view is None else view
    link = link_of(shown)
    if view is not None:
        _link(c, place.link, view)
    with place.files:
        st.markdown(f"**{escape_markdown(title)}**" if title else f"**{w('download.tables')}**")
        with st.container(horizontal=True, gap="small"):
            st.download_button(
                w("ranking.download"),
                csv_file,
                file_name=export.file_name(*stem, synthetic=c.synthetic),
                mime="text/csv",
                icon=":material/download:",
                key=f"{key}_csv",
                on_click="ignore",
            )
            st.download_button(
                w("ranking.download_xlsx"),
                workbook,
                file_name=export.file_name(*stem, synthetic=c.synthetic, suffix="xlsx"),
                mime=export.XLSX_TYPE,
                icon=":material/table_view:",
                key=f"{key}_xlsx",
                on_click="ignore",
            )
        if features:
            _features(c, stem, key, title or w("app.name"), features, notes, link)
        if paper is not None:
            _paper(c, stem, key, paper, link)


def _features(
    c: Context,
    stem: Sequence[str],
    key: str,
    title: str,
    features: Sequence[Features],
    notes: Callable[[], Sequence[str]],
    link: str,
) -> None:
    w = c.words
    st.markdown(f"**{w('download.features')}**")
    with st.container(horizontal=True, gap="small"):
        for n, one in enumerate(features):
            label = "GeoJSON" + (f" · {escape_markdown(one.title)}" if len(features) > 1 else "")
            st.download_button(
                label,
                lambda one=one: geojson_bytes(one.make(), about(c, one.title, notes(), link)),
                file_name=export.file_name(
                    *stem, *([str(n + 1)] if n else []), synthetic=c.synthetic, suffix="geojson"
                ),
                mime=GEOJSON_TYPE,
                icon=":material/polyline:",
                key=f"{key}_geojson_{n}",
                on_click="ignore",
            )
        st.download_button(
            "GeoPackage",
            lambda: geopackage_bytes([one.make() for one in features], about(c, title, notes(), link)),
            file_name=export.file_name(*stem, synthetic=c.synthetic, suffix="gpkg"),
            mime=GEOPACKAGE_TYPE,
            icon=":material/layers:",
            key=f"{key}_gpkg",
            on_click="ignore",
        )


def _paper(c: Context, stem: Sequence[str], key: str, paper: Callable[[], PaperMap], link: str) -> None:
    from ui.print_panels import sheet_bytes  # imports what calls this

    w = c.words
    st.markdown(f"**{w('download.paper')}**")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        size = st.selectbox(
            w("overlay.paper"), PAPERS, format_func=lambda x: paper_name(c, x), key=f"w_{key}_paper", width=140
        )  # fmt: skip
        chosen = st.segmented_control(
            w("overlay.file"), SUFFIXES, default="pdf", format_func=str.upper, key=f"w_{key}_suffix", required=True
        )  # fmt: skip
        suffix = chosen or "pdf"
        st.download_button(
            w("download.sheet", paper=paper_name(c, size), kind=suffix.upper()),
            lambda: sheet_bytes(c, paper(), size, suffix, link),
            file_name=export.file_name(*stem, size.name, synthetic=c.synthetic, suffix=suffix),
            mime=TYPES[suffix],
            icon=":material/print:",
            key=f"{key}_sheet",
            on_click="ignore",
        )


def paper_name(c: Context, paper: Paper) -> str:
    return f"{paper.name.upper()} {c.words('overlay.landscape' if paper.landscape else 'overlay.portrait')}"


def _link(c: Context, place: Any, view: View) -> None:
    """The address of a view, to copy and to point a camera at; nothing of it is kept here."""
    w, link = c.words, link_of(view)
    with place.container(gap="xsmall"):
        st.markdown(f"**{w('download.link')}**")
        if not link:
            st.caption(w("download.no_link"))
            return
        st.code(link, language=None, wrap_lines=True)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            code = qr_png(link)
            if code is not None:
                st.image(code, alt=w("download.qr_alt"))
            st.caption(w("download.here_only" if opens_here_only(link) else "download.link_help"), width=290)
