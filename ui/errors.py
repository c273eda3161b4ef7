"""What a person sees when something fails: a short code. What the log keeps under that code: everything.

An exception's text may hold values, paths and queries, so none of it reaches a browser.
"""

from __future__ import annotations

import logging
import secrets
import sys

import streamlit as st

from ui.texts import texts

LOG = logging.getLogger("daomap")


def set_up_log() -> None:
    """Write the log to standard error, once; the service manager keeps it."""
    if LOG.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s daomap: %(message)s"))
    LOG.addHandler(handler)
    LOG.propagate = False
    # Streamlit logs the same traceback just before it asks `page_failed`, without the code.
    logging.getLogger("streamlit.error_util").addFilter(
        lambda record: record.getMessage() != "Uncaught app execution"
    )


def note(error: BaseException, what: str) -> str:
    """Log an error with its traceback under a new random code, and return the code.

    Parameters
    ----------
    what : str
        What was being done, for the log; no value of a person's.
    """
    code = secrets.token_hex(3)
    LOG.error("error %s: %s", code, what, exc_info=error)
    return code


def message(code: str, key: str = "error.unexpected") -> str:
    """What the person sees, in both languages: the choice of language may be what failed."""
    return " / ".join(texts(language)[key].format(code=code) for language in ("th", "en"))


def page_failed(error: Exception) -> bool:
    """Streamlit's ``on_script_error``: note the error and show its code in place of Streamlit's own message."""
    st.error(message(note(error, "page")), icon=":material/error:")
    return True
