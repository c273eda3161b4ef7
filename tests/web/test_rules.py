"""The rules hold in the whole product, and each of them sees what it is there for."""

import pytest

from tests.browser.conftest import ROOT
from tests.web.rules import RULES, broken, sources

FILES = dict(sources(ROOT))

VIOLATIONS = [
    ("cached", "ui/x.py", "@st.cache_data\ndef f(indicator): ..."),
    ("cached", "ui/x.py", "@st.cache_data\ndef f(): ..."),
    ("cached", "ui/x.py", "@st.cache_resource(max_entries=2)\ndef f(snapshot, _policy): ..."),
    ("cached", "ui/x.py", "@cache_data\ndef f(snapshot, *rest): ..."),
    ("cached", "ui/x.py", "@st.cache_data\ndef f(snapshot):\n    return st.session_state['who']"),
    ("cached", "ui/x.py", "@st.cache_data\ndef f(snapshot):\n    return st.query_params"),
    (
        "cached",
        "ui/x.py",
        "@st.cache_data\ndef f(snapshot):\n    return rows('SELECT * FROM household_member')",
    ),
    ("cached", "ui/x.py", "@st.cache_data\ndef f(snapshot, citizen_id): return citizen_id"),
    ("cached", "ui/x.py", "@st.cache_data(persist='disk')\ndef f(snapshot): ..."),
    ("dangerous", "ui/x.py", "st.markdown(x, unsafe_allow_html=True)"),
    ("dangerous", "ui/x.py", "st.html(x, unsafe_allow_javascript=flag)"),
    ("dangerous", "ui/x.py", "import streamlit.components.v1 as c"),
    ("dangerous", "ui/x.py", "from streamlit.components.v1 import html"),
    ("dangerous", "ui/x.py", "from pickle import loads"),
    ("dangerous", "ui/x.py", "import joblib"),
    ("dangerous", "ui/x.py", "pd.read_pickle(p)"),
    ("dangerous", "ui/x.py", "deck.to_html()"),
    ("dangerous", "ui/x.py", "frame.to_excel(p)"),
    ("dangerous", "ui/x.py", "eval(text)"),
    ("dangerous", "ui/x.py", "subprocess.run(x, shell=True)"),
    ("dangerous", "ui/x.py", "archive.extractall(folder)"),
    ("dangerous", "ui/x.py", "st.map(frame)"),
    ("dangerous", "ui/x.py", "go.Scattergeo()"),
    ("dangerous", "ui/x.py", "px.choropleth_map(frame)"),
    ("dangerous", "ui/x.py", "np.load(p, allow_pickle=True)"),
    ("dangerous", "ui/x.py", "import xml.etree.ElementTree"),
    ("connections", "warehouse/x.py", "import duckdb\nduckdb.connect('x')"),
    ("connections", "warehouse/x.py", "from duckdb import connect"),
    ("connections", "ui/x.py", "import duckdb"),
    ("connections", "warehouse/x.py", "duckdb.sql('select 1')"),
    ("file_readers", "warehouse/sources/x.py", "import pyogrio"),
    ("file_readers", "warehouse/x.py", "from rasterio.io import MemoryFile"),
    ("file_readers", "ui/x.py", "import openpyxl.styles"),
    ("file_readers", "ui/x.py", "from python_calamine import CalamineWorkbook"),
    ("file_readers", "warehouse/x.py", "import zipfile"),
    ("file_readers", "warehouse/x.py", "importlib.import_module('pyogrio')"),
    ("file_readers", "warehouse/x.py", "__import__(name)"),
    ("file_readers", "geo/x.py", "gpd.read_file(path)"),
    ("file_readers", "pages/x.py", "pd.read_excel(upload)"),
    ("downloads", "ui/x.py", "st.download_button('x', b'', file_name='view.csv')"),
    ("downloads", "pages/x.py", "st.download_button('x', b'')"),
    (
        "downloads",
        "ui/x.py",
        "st.download_button('x', b'', file_name=export.file_name('a', synthetic=False))",
    ),
    ("downloads", "ui/x.py", "column.download_button('x', b'', file_name=f'{export.file_name(1)}')"),
    ("decks", "ui/x.py", "import pydeck as pdk"),
    ("decks", "ui/map.py", "pdk.Deck(layers=[])"),
    ("decks", "ui/map.py", "pdk.Deck(layers=[], map_style='https://tiles.example/style.json')"),
    ("decks", "ui/map.py", "pdk.Deck(layers=[], map_style=None)"),
    ("decks", "pages/x.py", "st.pydeck_chart(made_elsewhere)"),
    ("decks", "ui/x.py", "def tooltip(c, area):\n    return f'<b>{area.name_th}</b>'"),
    ("desk", "ui/x.py", "from warehouse.desk.store import DeskStore"),
    ("desk", "pages/x.py", "import warehouse.desk"),
    ("desk", "warehouse/query.py", "from warehouse import desk"),
    ("desk", "ui/x.py", "import desk.screen"),
    ("desk", "desk/x.py", "@st.cache_data\ndef f(snapshot): ..."),
    ("desk", "desk/x.py", "st.download_button('x', b'', file_name=export.file_name('a'))"),
    ("desk", "desk/x.py", "st.query_params['household'] = code"),
    ("desk", "desk/x.py", "st.image(photo)"),
    ("desk", "desk/x.py", "print(row)"),
    ("desk", "desk/x.py", "LOG.error('x', exc_info=error)"),
    ("unescaped", "ui/x.py", "st.title(c.name(c.area))"),
    ("unescaped", "ui/x.py", "st.caption(source_line(c, values, year))"),
    ("unescaped", "ui/x.py", "st.info(c.words('x', parent=area.name_th))"),
    ("unescaped", "pages/x.py", "st.metric('x', row.title_en)"),
    ("unescaped", "ui/x.py", "st.button('x', help=c.name(area))"),
    ("unescaped", "ui/x.py", "st.markdown(f'**{area.name_en}**')"),
    ("unescaped", "ui/x.py", "st.warning(notice.text(language))"),
]

ALLOWED = [
    ("cached", "ui/x.py", "@st.cache_data\ndef f(snapshot: str, year: int): return year"),
    ("cached", "ui/x.py", "@cache\ndef f(): ..."),
    ("dangerous", "ui/x.py", "re.compile('x'); subprocess.run(['x'], shell=False)"),
    ("connections", "warehouse/query.py", "import duckdb\nduckdb.connect('x')"),
    ("file_readers", "warehouse/intake/x.py", "import pyogrio\npyogrio.read_dataframe(p)"),
    ("file_readers", "warehouse/publish.py", "gpd.read_parquet(path)"),
    (
        "downloads",
        "ui/x.py",
        "st.download_button('x', b'', file_name=export.file_name('a', synthetic=c.synthetic))",
    ),
    ("desk", "desk/x.py", "from warehouse.desk.store import DeskStore\nst.dataframe(x)"),
    ("desk", "warehouse/cli.py", "from warehouse.desk.command import run"),
    ("decks", "ui/map.py", "import pydeck as pdk\npdk.Deck(layers=[], map_style=f'/map/{theme.name}.json')"),
    ("unescaped", "ui/x.py", "st.title(escape_markdown(c.name(c.area)), anchor=False)"),
    ("unescaped", "ui/x.py", "st.selectbox('x', options, format_func=lambda a: a.name_th)"),
]


@pytest.mark.parametrize("rule", RULES)
def test_the_product_keeps_the_rule(rule):
    assert [b for file, text in FILES.items() for b in broken(rule, file, text)] == []


@pytest.mark.parametrize(("rule", "file", "source"), VIOLATIONS, ids=lambda v: str(v)[:60])
def test_a_violation_is_seen(rule, file, source):
    assert broken(rule, file, source)


@pytest.mark.parametrize(("rule", "file", "source"), ALLOWED, ids=lambda v: str(v)[:60])
def test_ordinary_code_is_not(rule, file, source):
    assert broken(rule, file, source) == []


def test_every_rule_is_proven_and_every_room_is_read():
    assert {rule for rule, _, _ in VIOLATIONS} == set(RULES)
    rooms = {file.split("/")[0] for file in FILES}
    assert rooms == {"app.py", "pages", "ui", "analytics", "geo", "warehouse", "desk"}
    # The rules look at real code: there are maps, downloads, caches and connections in it.
    text = "\n".join(FILES.values())
    for word in (
        "st.pydeck_chart(",
        "st.download_button(",
        "@st.cache_resource",
        "duckdb.connect(",
        "import pyogrio",
    ):
        assert word in text
