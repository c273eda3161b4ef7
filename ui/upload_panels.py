"""Import and manage, for the local administrator: who may, what a file is taken for, confirm, publish, go back."""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import pandas as pd
import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from analytics.formatting import number
from geo.codes import official_areas
from ui import data, export
from ui.data_panels import moment, table, works_table
from ui.errors import LOG
from ui.frame import Context
from ui.markdown import escape_markdown
from ui.registry import PAGES
from ui.state import to_params
from ui.upload_gate import LEAST_SECRET, Permission, door, is_local, permission, tries
from ui.upload_state import ASKS, KINDS, SEVERAL, Draft, Stage, with_measure, with_source
from warehouse.report import QueryError
from warehouse.snapshots import StoreError
from warehouse.sources.table_plan import UNITS, WORSE, Plan, plan_toml
from warehouse.uploads import MAPPING, REPORT, SUFFIXES, Upload, UploadJob, Uploads

_GRACE_S: Final = 30.0
_OPEN: Final = "_manage_open"
_WORK: Final = "_upload_work"
_SAID: Final = "_manage_said"
_GONE: Final = "_upload_gone"
_REFUSED: Final = "_upload_refused"
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "cells": ("published", "protected"),
    "definition": ("working", "counted", "unstated"),
    "kind": ("health", "school", "office", "other"),
    "level": ("province", "district", "subdistrict"),
}


@dataclass(slots=True)
class Work:
    """The files one session is bringing in, and what goes on with them."""

    upload: Upload
    draft: Draft
    job: UploadJob | None = None

    def start(self, action: str) -> None:
        """Check or publish, in a process of its own."""
        folder = self.upload.folder
        if self.draft.plan is not None:
            (folder / MAPPING).write_text(plan_toml(self.draft.plan), encoding="utf-8")
        arguments = self.draft.arguments(self.upload.paths, folder)
        self.job = UploadJob(action, arguments, data.settings().home)

    def settle(self) -> None:
        """Take up the answer of a job that has ended."""
        if self.job is not None and self.job.done:
            self.draft = self.draft.answered(self.job.action, self.job.answer or {})
            self.job = None
            if self.draft.stage == "published":
                self.upload.forget()

    @property
    def publishing(self) -> bool:
        """Whether a publication goes on, which nobody who leaves cuts short."""
        return self.job is not None and self.job.action == "publish" and not self.job.done

    def discard(self) -> None:
        """End what goes on and take the files away."""
        if self.job is not None:
            self.job.cancel()
            self.job = None
        self.upload.remove()


_works: dict[str, Work] = {}
"""By session: what belongs to a session that is gone is taken away at the next visit, at the latest when the server ends."""


@atexit.register
def _clear() -> None:
    for work in _works.values():
        # A publication ends by itself when nobody listens any more; its file is swept at the next start.
        if not work.publishing:
            work.discard()


def _session() -> str:
    here = get_script_run_ctx()
    return here.session_id if here is not None else ""


_away: dict[str, float] = {}
"""Sessions without a connection, since when they were seen to have none."""


def _alive(session: str) -> bool:
    """Whether a session is there or may come back: a short break of the connection is no end."""
    if not runtime.exists() or runtime.get_instance().is_active_session(session):
        _away.pop(session, None)
        return True
    # Streamlit keeps a session whose connection is down for so long, and brings it back under the same id.
    keeps = float(st.get_option("server.disconnectedSessionTTL") or 0)
    gone = time.monotonic() - _away.setdefault(session, time.monotonic()) > keeps + _GRACE_S
    if gone:
        _away.pop(session, None)
    return not gone


def administers() -> bool:
    """Whether whoever looks may change what this machine holds: alone at it, or let in by the secret."""
    here = is_local(st.get_option, st.context.headers)
    may = permission(data.settings(), here)
    return (here and not may.asks) or (may.possible and bool(st.session_state.get(_OPEN)))


def manage_panel(c: Context) -> None:
    """Everything an administrator does on the screen, or what is missing for it."""
    if c.synthetic and c.view.workshop:
        door.shut(_session())
        st.info(c.words("workshop.no_imports"), icon=":material/lock:")
        works_table(c)
        return
    here = is_local(st.get_option, st.context.headers)
    may = permission(data.settings(), here)
    if not may.possible:
        door.shut(_session())
        _closed(c, may)
        return
    if may.asks and not st.session_state.get(_OPEN):
        door.shut(_session())
        _ask_secret(c)
        return
    alive = {s for s in (*_works, *door.sessions) if _alive(s)}
    door.open(_session(), alive.__contains__)
    for session in [s for s, work in _works.items() if s not in alive and not work.publishing]:
        _works.pop(session).discard()
    if said := st.session_state.pop(_SAID, None):
        st.success(escape_markdown(said), icon=":material/check_circle:")
    st.subheader(c.words("manage.import_heading"), anchor=False)
    work: Work | None = st.session_state.get(_WORK)
    if work is None:
        _choose_file(c)
    else:
        _go_on(c, work)
    st.divider()
    _roll_back(c)
    st.markdown(f"**{c.words('manage.works_heading')}**")
    works_table(c)
    if may.asks:
        st.button(c.words("manage.lock"), icon=":material/lock:", on_click=_lock_again, key="manage_lock")


# -- who may ----------------------------------------------------------------


def _closed(c: Context, may: Permission) -> None:
    w = c.words
    st.info(w("manage.closed"), icon=":material/lock:")
    state = "manage.there" if may.switched_on else "manage.lacking"
    lines = [f"- {w(state)} {w('manage.need_setting')}"]
    if may.secret == "short":  # noqa: S105 - a state, no secret
        lines.append(f"- {w('manage.lacking')} {w('manage.need_longer', n=LEAST_SECRET)}")
    elif may.local or may.asks:
        lines.append(f"- {w('manage.there')} {w('manage.need_place', n=LEAST_SECRET)}")
    else:
        lines.append(f"- {w('manage.lacking')} {w('manage.need_place', n=LEAST_SECRET)}")
    if not may.switched_on:
        lines.append(f"- {w('manage.unknown')} {w('manage.need_confinement')}")
    elif may.confined:
        lines.append(f"- {w('manage.there')} {w('manage.need_confinement')}")
    else:
        lines.append(f"- {w('manage.lacking')} {escape_markdown(w.pick(*may.confinement))}")
    st.markdown("\n".join(lines))
    st.caption(w("manage.closed_how"))


def _ask_secret(c: Context) -> None:
    w = c.words
    with st.form("manage_secret", clear_on_submit=True, width=460):
        typed = st.text_input(
            w("manage.secret"), type="password", key="manage_secret_text", autocomplete="off"
        )
        sent = st.form_submit_button(w("manage.unlock"), icon=":material/lock_open:")
    if not sent:
        return
    if wait := tries.wait:
        with st.spinner(w("manage.wait", seconds=int(wait))):
            time.sleep(wait)
    if tries.right(typed):
        LOG.warning("administrator of the Data screen let in")
        st.session_state[_OPEN] = True
        st.rerun()
    else:
        LOG.warning("administrator of the Data screen: wrong secret")
        st.error(w("manage.wrong"), icon=":material/block:")


def _lock_again() -> None:
    st.session_state.pop(_OPEN, None)
    _drop()
    door.shut(_session())


def _drop() -> None:
    work = st.session_state.pop(_WORK, None)
    _works.pop(_session(), None)
    if work is not None:
        work.discard()


# -- the file ---------------------------------------------------------------


def _choose_file(c: Context) -> None:
    w = c.words
    most = data.settings().admin.upload_mb
    kind = st.selectbox(
        w("manage.kind"), KINDS, key="upload_kind", format_func=lambda k: w(f"manage.kind_{k}"), width=460
    )
    st.caption(w(f"manage.about_{kind}"))
    if st.session_state.pop(_GONE, False):
        st.info(w("manage.gone"), icon=":material/info:")
    if refused := st.session_state.pop(_REFUSED, None):
        st.error(escape_markdown(w.pick(*refused)), icon=":material/block:")
    # A new key for every file: the one before is forgotten by the browser too.
    turn = st.session_state.setdefault("_upload_turn", 0)
    chosen = st.file_uploader(
        w("manage.file", mb=most),
        type=[s.removeprefix(".") for s in SUFFIXES[kind]],
        accept_multiple_files=kind in SEVERAL,
        max_upload_size=most,
        key=f"upload_{kind}_{turn}",
    )
    files = chosen if isinstance(chosen, list) else [chosen] if chosen is not None else []
    if not files or (
        kind in SEVERAL and not st.button(w("manage.check_files", n=len(files)), key="upload_send")
    ):
        return
    st.session_state["_upload_turn"] = turn + 1
    try:
        kept = Uploads(data.settings().home, most * 1_000_000).keep(
            [(f.name, f.getvalue()) for f in files], kind
        )
    except StoreError as error:
        st.session_state[_REFUSED] = (error.th, error.en)
        st.rerun()
    finally:
        _forget([f.file_id for f in files])
    LOG.warning(
        "file taken by the Data screen: %s, %d bytes, sha256 %s", kind, kept.size, ", ".join(kept.sha256)
    )
    work = Work(kept, Draft(kind))
    st.session_state[_WORK] = _works[_session()] = work
    work.start("check")
    st.rerun()


def _forget(ids: list[str]) -> None:
    """Streamlit's own copies, which it would keep in memory as long as the session."""
    here = get_script_run_ctx()
    for name in ids if here is not None else ():
        here.uploaded_file_mgr.remove_file(session_id=here.session_id, file_id=name)


def _go_on(c: Context, work: Work) -> None:
    w = c.words
    if not work.upload.folder.is_dir() and work.job is None and work.draft.stage != "published":
        # Taken away while this session had no connection, or by whoever tidies the disk.
        _drop()
        st.session_state[_GONE] = True
        st.rerun()
    names = ", ".join(work.upload.names)
    st.markdown(escape_markdown(w("manage.file_line", names=names, size=f"{work.upload.size:,}")))
    work.settle()
    if work.job is not None:
        _watch(work, w)
        if work.job is not None and work.job.action == "check":
            st.button(w("manage.cancel"), icon=":material/close:", on_click=_drop, key="upload_cancel")
        return
    draft = work.draft
    if draft.failed is not None:
        st.error(escape_markdown(str(draft.failed[w.language])), icon=":material/error:")
    if draft.stage == "published":
        _published(c, work)
        return
    if draft.checked is not None:
        _found(c, work, draft.checked)
    if draft.plan is not None:
        _plan(c, work, draft.plan)
    _options(c, work)
    _next(c, work, draft.stage)
    st.button(w("manage.discard"), icon=":material/delete:", on_click=_drop, key="upload_discard")


@st.fragment(run_every=1.0)
def _watch(work: Work, w: Callable[..., str]) -> None:
    """How far the other process is; the page comes again when it has ended."""
    job = work.job
    if job is None or job.done:
        st.rerun()
    steps = ("read", "merge", "derive", "write", "layers")
    step = job.step if job.step in steps else "publish"
    st.progress(min(max(job.part, 0.0), 1.0), text=w(f"manage.step_{step}"))


# -- what was understood ----------------------------------------------------


def _found(c: Context, work: Work, done: Mapping[str, Any]) -> None:
    """What became of the rows, with reasons, and the report to be kept."""
    w = c.words
    report = done["report"]
    if done["refused"]:
        st.error(w("manage.refused"), icon=":material/block:")
    elif report["facts"].get("nothing_new"):
        st.info(w("manage.nothing_new"), icon=":material/info:")
    else:
        st.success(
            w(
                "manage.readable",
                accepted=number(report["rows_accepted"], 0, language=w.language),
                rejected=number(report["rows_rejected"], 0, language=w.language),
            ),
            icon=":material/check:",
        )
    if "sentence" in done:
        st.markdown(escape_markdown(done["sentence"][w.language]))
    else:
        st.markdown("\n".join(f"- {escape_markdown(line)}" for line in done["lines"][w.language][:40]))
    findings = [*report["rejections"], *report["warnings"]]
    if findings:
        mend = "mend_th" if w.language == "th" else "mend_en"
        names = {
            "code": "reason",
            "row": "row",
            "column": "column",
            "found": "found",
            "expected": "expected",
            mend: "mend",
        }
        frame = pd.DataFrame(findings)[list(names)].rename(columns=names)
        st.markdown(f"**{w('data.findings_heading')}**")
        table(c, frame, w("data.findings_heading"), texts=("found",))
    if (work.upload.folder / REPORT).is_file():
        st.download_button(
            w("manage.report"),
            (work.upload.folder / REPORT).read_bytes,
            file_name=export.file_name("report", synthetic=c.synthetic, suffix="xlsx"),
            mime=export.XLSX_TYPE,
            icon=":material/table_view:",
            key="upload_report",
            on_click="ignore",
        )
    if done.get("rows"):
        _preview(c, work, done)


def _preview(c: Context, work: Work, done: Mapping[str, Any]) -> None:
    w = c.words
    plan = work.draft.plan
    names = {m.id: w.pick(m.name_th, m.name_en) for m in plan.measures} if plan is not None else {}
    st.markdown(f"**{w('manage.preview')}**")
    summary = [
        {
            "indicator": names.get(one["id"], one["id"]),
            "level": ", ".join(w(f"level.{x}") for x in one["levels"]),
            "year": ", ".join(str(y + 543 if w.language == "th" else y) for y in one["years"]),
            "values": one["rows"],
            "lowest": one["lowest"],
            "middle": one["middle"],
            "highest": one["highest"],
        }
        for one in done["columns"]
    ]
    table(c, pd.DataFrame(summary), w("manage.preview"))
    areas = official_areas()
    rows = [
        {
            "code": row["area_code"],
            "area_name": w.pick(areas[row["area_code"]].name_th, areas[row["area_code"]].name_en)
            if row["area_code"] in areas
            else row["area_code"],
            "indicator": names.get(row["indicator"], row["indicator"]),
            "year": str(row["year"] + 543 if w.language == "th" else row["year"]),
            "value": row["value"],
        }
        for row in done["rows"]
    ]
    table(c, pd.DataFrame(rows), w("manage.preview"), texts=("code",))


# -- what the columns become ------------------------------------------------


def _plan(c: Context, work: Work, plan: Plan) -> None:
    """Source and columns of a table, each to be corrected."""
    w = c.words
    st.markdown(f"**{w('manage.plan_heading')}**")
    st.caption(w("manage.plan_help"))
    roles = [
        f"{w(f'manage.role_{role}')}: {heading}" for heading, role in plan.columns.items() if role != "value"
    ]
    if roles:
        st.markdown(escape_markdown(" · ".join(roles)))
    shown = pd.DataFrame(
        {
            "file_column": [m.measure or "–" for m in plan.measures],
            "name_th": [m.name_th for m in plan.measures],
            "name_en": [m.name_en for m in plan.measures],
            "unit": [w.pick(m.unit_th, m.unit_en) for m in plan.measures],
            "worse": [w(f"data.worse_{m.worse}") for m in plan.measures],
            "taken": [w("manage.skipped") if m.skip else w("manage.taken") for m in plan.measures],
        }
    )
    table(c, shown, w("manage.plan_heading"))
    _source_form(c, work, plan)
    _measure_form(c, work, plan)


def _change(work: Work, make: Callable[[], Plan], language: str) -> None:
    try:
        work.draft = replace(work.draft, plan=make())
    except QueryError as error:
        st.error(escape_markdown(error.text(language)), icon=":material/block:")
    else:
        st.rerun()


def _source_form(c: Context, work: Work, plan: Plan) -> None:
    w = c.words
    with st.form("plan_source"):
        st.markdown(f"**{w('manage.source')}**")
        st.caption(w("manage.source_help"))
        title_th = st.text_input(w("manage.title_th"), plan.title_th, max_chars=200)
        title_en = st.text_input(w("manage.title_en"), plan.title_en, max_chars=200)
        publisher = st.text_input(w("data.col_publisher"), plan.publisher, max_chars=200)
        url = st.text_input(w("data.url"), plan.url, max_chars=300)
        licence = st.text_input(w("data.licence"), plan.licence, max_chars=200)
        year = st.number_input(
            w("manage.year_be"), 2400, 2700, plan.year_be, step=1, placeholder=w("manage.year_in_file")
        )
        sent = st.form_submit_button(w("manage.keep_source"), icon=":material/check:")
    if sent:
        said = {
            "title_th": title_th,
            "title_en": title_en,
            "publisher": publisher,
            "url": url,
            "licence": licence,
        }
        _change(
            work, lambda: with_source(plan, **said, year_be=None if year is None else int(year)), w.language
        )


def _measure_form(c: Context, work: Work, plan: Plan) -> None:
    w = c.words
    at = st.selectbox(
        w("manage.column"),
        range(len(plan.measures)),
        key="plan_column",
        format_func=lambda n: f"{n + 1}. {w.pick(plan.measures[n].name_th, plan.measures[n].name_en)}",
    )
    m = plan.measures[at]
    with st.form(f"plan_measure_{at}"):
        taken = st.checkbox(w("manage.take"), not m.skip)
        name_th = st.text_input(w("manage.name_th"), m.name_th, max_chars=120)
        name_en = st.text_input(w("manage.name_en"), m.name_en, max_chars=120)
        unit = st.selectbox(
            w("data.col_unit"), UNITS, UNITS.index(m.unit), format_func=lambda u: w(f"manage.unit_{u}")
        )
        unit_th = st.text_input(w("manage.unit_th"), m.unit_th, max_chars=40)
        unit_en = st.text_input(w("manage.unit_en"), m.unit_en, max_chars=40)
        worse = st.selectbox(
            w("data.worse"), WORSE, WORSE.index(m.worse), format_func=lambda x: w(f"data.worse_{x}")
        )
        additive = st.checkbox(w("manage.additive"), m.additive, help=w("manage.additive_help"))
        comparable = st.checkbox(w("manage.comparable"), m.comparable, help=w("manage.comparable_help"))
        scale = st.selectbox(
            w("manage.scale"),
            (0, 1, 100),
            (0, 1, 100).index(m.scale),
            format_func=lambda s: w(f"manage.scale_{s}"),
        )
        sent = st.form_submit_button(w("manage.keep_column"), icon=":material/check:")
    if sent:
        said = {
            "skip": not taken, "name_th": name_th, "name_en": name_en, "unit": unit, "unit_th": unit_th, "unit_en": unit_en,
            "worse": worse, "additive": additive, "comparable": comparable, "scale": scale if unit == "percent" else 0,
        }  # fmt: skip
        _change(work, lambda: with_measure(plan, at, **said), w.language)


# -- options, publishing ----------------------------------------------------


def _options(c: Context, work: Work) -> None:
    """What the files do not say; a table's title and year stand in its plan once there is one."""
    w, draft = c.words, work.draft
    asked = [n for n in ASKS[draft.kind] if draft.plan is None or n not in ("year_be", "title")]
    with st.form("upload_options"):
        st.markdown(f"**{w('manage.options')}**")
        said: dict[str, Any] = {}
        for name in asked:
            label, now = w(f"manage.option_{name}"), draft.options.get(name)
            if name == "year_be":
                said[name] = st.number_input(
                    label, 2400, 2700, now, step=1, placeholder=w("manage.year_in_file")
                )
            elif name == "replace":
                said[name] = st.checkbox(label, bool(now))
            elif name in _CHOICES:
                choices = _CHOICES[name]
                said[name] = st.selectbox(
                    label,
                    choices,
                    choices.index(now) if now in choices else None,
                    format_func=lambda v, name=name: w(f"manage.{name}_{v}"),
                    placeholder=w("manage.not_said"),
                )
            elif name == "product":
                from warehouse.sources.nightlight import offered

                products = list(offered())
                index = products.index(now) if now in products else None
                said[name] = st.selectbox(label, products, index, placeholder=w("manage.not_said"))
            else:
                said[name] = st.text_input(label, now or "", max_chars=200)
        if st.form_submit_button(w("manage.check_again"), icon=":material/refresh:"):
            if said.get("year_be") is not None:
                said["year_be"] = int(said["year_be"])
            work.draft = replace(draft.saying(**said), failed=None)
            work.start("check")
            st.rerun()


def _next(c: Context, work: Work, stage: Stage) -> None:
    w = c.words
    if stage == "changed":
        st.warning(w("manage.changed"), icon=":material/refresh:")
    if stage != "ready":
        return
    confirmed = st.checkbox(w("manage.confirm"), key=f"confirm_{work.draft.fingerprint[:12]}")
    if st.button(
        w("manage.publish"),
        type="primary",
        icon=":material/publish:",
        disabled=not confirmed,
        key="upload_publish",
    ):
        work.draft = replace(work.draft, failed=None)
        work.start("publish")
        st.rerun()


def _published(c: Context, work: Work) -> None:
    w, done = c.words, work.draft.published
    assert done is not None
    snapshot = str(done["report"]["snapshot"] or "")
    nothing = done["report"]["facts"].get("nothing_new")
    st.success(
        w("manage.nothing_new") if nothing else w("manage.published", snapshot=snapshot[:11]),
        icon=":material/check_circle:",
    )
    for column in (work.draft.checked or {}).get("columns", ())[:12]:
        entry = (
            next((m for m in work.draft.plan.measures if m.id == column["id"]), None)
            if work.draft.plan
            else None
        )
        if entry is None:
            continue
        label = escape_markdown(w("manage.open_map", name=w.pick(entry.name_th, entry.name_en)))
        if st.button(label, icon=":material/map:", key=f"open_{entry.id}"):
            level = next((x for x in ("province", "district", "subdistrict") if x in column["levels"]), None)
            view = replace(
                c.view,
                area="TH",
                ind=entry.id,
                year=column["years"][-1],
                show=level if level != "province" else None,
            )
            page = next(p for p in PAGES if p.key == "poverty_map")
            _drop()
            st.switch_page(str(page.path), query_params=to_params(view))
    report = work.upload.folder / REPORT
    if report.is_file():
        st.download_button(
            w("manage.report"),
            report.read_bytes,
            file_name=export.file_name("report", synthetic=c.synthetic, suffix="xlsx"),
            mime=export.XLSX_TYPE,
            icon=":material/table_view:",
            key="upload_report_after",
            on_click="ignore",
        )
    st.button(w("manage.another"), icon=":material/upload_file:", on_click=_drop, key="upload_another")


# -- going back -------------------------------------------------------------


def _roll_back(c: Context) -> None:
    """Point to an earlier snapshot, after its short name was typed."""
    w = c.words
    st.subheader(w("manage.back_heading"), anchor=False)
    others = [i for i in data.store().list() if i.id != c.warehouse.snapshot]
    if not others:
        st.caption(w("manage.back_none"))
        return
    short = {i.id: i.id.rpartition("-")[0] for i in others}
    with st.form("roll_back", width=620):
        wanted = st.selectbox(
            w("manage.back_to"),
            [i.id for i in others],
            format_func=lambda s: next(
                f"{short[s]} · {moment(i.created, w.language)} · {int(i.contents.get('observations', 0)):,}"
                for i in others
                if i.id == s
            ),
            key="back_to",
        )
        typed = st.text_input(w("manage.back_type"), key="back_typed", autocomplete="off")
        sent = st.form_submit_button(w("manage.back"), icon=":material/history:")
    if not sent:
        return
    if typed.strip() != short[wanted]:
        st.error(w("manage.back_differs", name=short[wanted]), icon=":material/block:")
        return
    try:
        with st.spinner(w("manage.back_works")):
            info = data.store().rollback(wanted)
    except StoreError as error:
        st.error(escape_markdown(error.text(w.language)), icon=":material/error:")
        return
    st.session_state[_SAID] = w("manage.back_done", snapshot=info.id)
    st.rerun()
