"""Every hostile text in every place of a page that reads Markdown; run by the test beside it."""

import sys
from pathlib import Path

import streamlit as st

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.hostile import payloads
from ui.markdown import escape_markdown, markdown_table

for number, text in enumerate(payloads()):
    safe = escape_markdown(text)
    with st.container(key=f"plain_{number}"):
        st.markdown(safe)
    with st.container(key=f"inside_{number}"):
        st.caption(f"ก {safe} ข")
    with st.container(key=f"bold_{number}"):
        st.markdown(f"**{safe}**")
    with st.container(key=f"title_{number}"):
        st.title(safe, anchor=False)
    with st.container(key=f"button_{number}"):
        st.button(safe, key=f"b_{number}")
    with st.container(key=f"metric_{number}"):
        st.metric(safe, "1")
    with st.container(key=f"info_{number}"):
        st.info(safe)
    with st.container(key=f"table_{number}"):
        st.markdown(markdown_table([text, "ค"], [[text, "1"]]))
