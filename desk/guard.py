"""What keeps the desk to one officer: this machine only, a code at the start, a lock after a pause, errors without texts."""

from __future__ import annotations

import hmac
import logging
import os
import secrets
import time
import traceback
from functools import cache

import streamlit as st

from ui.errors import message
from warehouse.desk.audit import Audit
from warehouse.desk.command import CODE_VARIABLE, allowed, open_desk
from warehouse.desk.keys import find_keys
from warehouse.desk.store import About, DeskStore
from warehouse.settings import Settings, load_settings

LOG = logging.getLogger("daomap")
WRONG_PAUSE = 1.0
"""Seconds before a wrong code is answered."""
_KEPT = ("language",)


@cache
def settings() -> Settings:
    return load_settings()


@cache
def store() -> DeskStore:
    """The store of this process.

    Raises
    ------
    DeskOff
    """
    return open_desk(settings(), find_keys(settings()))


@cache
def audit() -> Audit:
    known = store().about()
    return Audit(settings().desk_home, find_keys(settings()), known.audit if known is not None else None)


def about() -> About:
    """What the store holds, where the settings allow looking at it.

    Raises
    ------
    DeskError
    """
    return allowed(settings(), store().about())


def failed(error: Exception) -> bool:
    """Streamlit's ``on_script_error``: a code on the screen; in the log the kind of error and where, never its text."""
    code = secrets.token_hex(3)
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = f"{last[0].filename.rpartition('/')[2]}:{last[0].lineno}" if last else "-"
    LOG.error("error %s: %s at %s", code, type(error).__name__, where)
    st.error(message(code), icon=":material/error:")
    return True


def refuse_wider() -> None:
    """End the process when it would listen to other machines, or was started without a code.

    Raises
    ------
    SystemExit
    """
    from streamlit import config

    found = config.get_option("server.address")
    if found != "127.0.0.1":
        raise SystemExit(f"server.address: พบ {found} ต้องเป็น 127.0.0.1 / found {found}, expected 127.0.0.1")
    if len(os.environ.get(CODE_VARIABLE, "")) < 8:
        raise SystemExit("สั่ง daomap desk เพื่อเปิดโต๊ะเจ้าหน้าที่ / start the desk with: daomap desk")


def locked() -> bool:
    """Whether the code has to be typed; a session that paused too long forgets everything it showed."""
    state = st.session_state
    now = time.monotonic()
    if state.get("unlocked") and now - state["touched"] > settings().desk.minutes * 60:
        lock()
        state["paused"] = True
    if not state.get("unlocked"):
        return True
    state["touched"] = now
    return False


def lock() -> None:
    """Forget everything of this session but its language."""
    for key in [key for key in st.session_state if key not in _KEPT]:
        del st.session_state[key]


def unlock(typed: str) -> bool:
    """Open the session where the code is right; a wrong one is answered after a pause."""
    wanted = os.environ.get(CODE_VARIABLE, "")
    plain = "".join(typed.split()).upper()
    if len(wanted) < 8 or not hmac.compare_digest(plain.encode(), wanted.encode()):
        time.sleep(WRONG_PAUSE)
        return False
    st.session_state["unlocked"] = True
    st.session_state["touched"] = time.monotonic()
    return True


@st.fragment(run_every=15.0)
def watch() -> None:
    """Look at the clock while nobody clicks; a run of this fragment is no click."""
    pause = time.monotonic() - st.session_state.get("touched", 0.0)
    if st.session_state.get("unlocked") and pause > settings().desk.minutes * 60:
        st.rerun(scope="app")
