"""Workshop mode on the screen: the band over every page, and the offer to make the synthetic country."""

from __future__ import annotations

import atexit
from html import escape
from threading import Lock
from typing import Final

import streamlit as st

from ui import data
from ui.errors import LOG
from ui.frame import Context, go
from ui.markdown import escape_markdown
from warehouse.workshop import DISK_MB, DemoJob, free_mb

_STEPS: Final = ("people", "count", "country")
_LOOK: Final = 1.0
"""Seconds between two looks at the work."""

# One for the whole process, whoever started it: a second country at once would only wait for the first one's lock.
_job: DemoJob | None = None
_starting = Lock()


@atexit.register
def _end() -> None:
    # A minute's work that nobody waits for: what is half made is not worth a process left behind.
    if _job is not None and not _job.done:
        _job.cancel()


def _may() -> bool:
    from ui.upload_panels import administers  # loads what reads files, which no page needs to start

    return administers()


def band(c: Context) -> None:
    """Says over every page that nobody in it is real, and stays in sight when the page is scrolled."""
    if not c.synthetic:
        return
    ink, ground = ("#3a2600", "#ffd66b") if c.theme.name == "light" else ("#ffe3a3", "#4a3503")
    style = (
        "div:has(> .st-key-workshop_band){position:sticky;top:3.75rem;z-index:99}"
        f".daomap-synthetic{{background:{ground};color:{ink};border-left:.5rem solid #c77700;border-radius:.3rem;"
        "padding:.3rem .8rem;line-height:1.6;font-size:.875rem}.daomap-synthetic b{margin-right:.6rem}"
    )
    with st.container(key="workshop_band"):
        st.html(
            f'<style>{style}</style><div class="daomap-synthetic" role="note"><b>{escape(c.words("workshop.badge"))}</b>'
            f"{escape(c.words('workshop.band'))}</div>"
        )


def offer(c: Context) -> None:
    """In place of a page while the synthetic country is asked for and not there: make it, watch it being made, or go back."""
    w = c.words
    st.title(w("workshop.heading"), anchor=False)
    st.markdown(w("workshop.about"))
    if _job is not None and not _job.done:
        _progress(c)
    else:
        _ask(c)
    st.button(w("workshop.back"), icon=":material/undo:", on_click=_back, key="workshop_back")


def _back() -> None:
    go(workshop=False)


def _ask(c: Context) -> None:
    w = c.words
    if st.session_state.pop("_workshop_stopped", False):
        st.info(w("workshop.stopped"), icon=":material/stop_circle:")
    elif _job is not None and (failed := (_job.answer or {}).get("failed")):
        st.error(escape_markdown(str(failed[w.language])), icon=":material/error:")
    if not _may():
        st.info(w("workshop.ask"), icon=":material/lock:")
        st.code("daomap demo", language=None)
        return
    free = free_mb(data.settings().home)
    if free < DISK_MB:
        st.error(w("workshop.no_room", free=f"{free:,}", need=f"{DISK_MB:,}"), icon=":material/hard_drive:")
        return
    st.markdown(w("workshop.cost", free=f"{free:,}", need=f"{DISK_MB:,}"))
    st.button(
        w("workshop.make"),
        type="primary",
        icon=":material/construction:",
        on_click=_start,
        key="workshop_make",
    )
    st.caption(w("workshop.command"))
    st.code("daomap demo", language=None)


def _start() -> None:
    global _job
    with _starting:
        if _may() and (_job is None or _job.done):
            _job = DemoJob(data.settings().home)
            LOG.warning("the synthetic country is being made")


def _cancel() -> None:
    if _may() and _job is not None and not _job.done:
        _job.cancel()
        st.session_state["_workshop_stopped"] = True


@st.fragment(run_every=_LOOK)
def _progress(c: Context) -> None:
    w, job = c.words, _job
    if job is None or job.done:
        st.rerun()
    step = job.step if job.step in _STEPS else "start" if job.step == "read" else "publish"
    text = w("workshop.works", step=w(f"workshop.step_{step}"), part=round(100 * job.part))
    st.progress(min(max(job.part, 0.0), 1.0), text=text)
    if _may():
        st.button(w("workshop.cancel"), icon=":material/stop:", on_click=_cancel, key="workshop_cancel")
