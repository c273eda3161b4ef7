"""Rules the code keeps so that data stay data: each reads a syntax tree and names the lines that break it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOMS = ("app.py", "pages", "ui", "analytics", "geo", "warehouse", "desk")
# Modules that hold a connection: the draft being written, its layers, and the readers' one.
CONNECTING = (
    "warehouse/publish.py",
    "warehouse/browser_layers.py",
    "warehouse/query.py",
    "warehouse/desk/store.py",  # encrypted, and never a snapshot
    "warehouse/desk/judge.py",  # in memory only
    "warehouse/mpi_engine.py",  # in memory, over the inputs of one command
    "warehouse/table_neighbours.py",  # the snapshot a table is to be published on, read before the lock is taken
)
# Libraries that open files somebody sent; only the confined worker uses them.
FILE_READERS = (
    "pyogrio", "rasterio", "fiona", "osgeo", "openpyxl", "python_calamine", "xlrd", "pyxlsb", "odf", "zipfile", "tarfile",
    "zipimport", "lzma", "bz2",
)  # fmt: skip
READING_CALLS = (
    "read_file",
    "read_excel",
    "read_xml",
    "read_html",
    "list_layers",
    "read_postgis",
    "read_hdf",
    "read_sas",
)
# Our own archives of our own snapshots are no files somebody sent.
OWN_ARCHIVES: dict[str, tuple[str, ...]] = {
    "warehouse/backup.py": ("tarfile", "zipfile"),
    # Rasters of our own snapshots, written and read by names that we make.
    "geo/nightlight.py": ("rasterio",),
}
PERSONAL = ("household_", "citizen", "national_id", "cid")


@dataclass(frozen=True)
class Broken:
    """One line that breaks a rule."""

    file: str
    line: int
    text: str


def dotted(node: ast.AST) -> str:
    """``a.b.c`` of a name or attribute; the last parts where the first is no name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    elif isinstance(node, ast.Call):
        parts.append(dotted(node.func) + "()")
    return ".".join(reversed(parts))


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield dotted(node.func), node


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Full names of what is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno
        elif isinstance(node, ast.Call) and dotted(node.func) in (
            "__import__",
            "importlib.import_module",
            "import_module",
        ):
            if node.args and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value), node.lineno
            else:
                yield "?", node.lineno


def keywords(call: ast.Call) -> dict[str, ast.expr]:
    return {k.arg: k.value for k in call.keywords if k.arg}


def cached(file: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """A cache shared by sessions answers by its arguments alone: snapshot first, all of them hashed, nothing of a session."""
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        marks = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
        if not any(dotted(m).rpartition(".")[2] in ("cache_data", "cache_resource") for m in marks):
            continue
        names = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        if not names or names[0] != "snapshot":
            yield node.lineno, f"{node.name}: the first argument of a cached function is the snapshot"
        if node.args.vararg or node.args.kwarg or any(n.startswith("_") for n in names):
            yield node.lineno, f"{node.name}: an argument that is not hashed, or not named"
        first = node.body[0]
        docstring = first.value if isinstance(first, ast.Expr) else None
        for inner in ast.walk(node):
            name = (
                inner.attr if isinstance(inner, ast.Attribute) else inner.id if isinstance(inner, ast.Name)
                else inner.value if isinstance(inner, ast.Constant) and isinstance(inner.value, str) else ""
            )  # fmt: skip
            if name in ("session_state", "query_params", "context", "user", "cookies", "headers"):
                yield inner.lineno, f"{node.name}: reads {name}, which belongs to one session"
            if any(word in name.lower() for word in PERSONAL) and inner is not docstring:
                yield inner.lineno, f"{node.name}: keeps rows of households or persons for everybody"
    for name, call in calls(tree):
        last = name.rpartition(".")[2]
        if last in ("cache_data", "cache_resource") and "persist" in keywords(call):
            yield call.lineno, "a cache on disk is a pickle"


BANNED_WORDS = ("unsafe_allow_html", "unsafe_allow_javascript", "allow_pickle")
BANNED_IMPORTS = (
    "pickle", "cPickle", "joblib", "dill", "cloudpickle", "marshal", "shelve", "streamlit.components", "xml.etree", "xml.dom",
    "xml.sax", "lxml",
)  # fmt: skip
BANNED_CALLS = (
    "eval", "exec", "compile", "os.system", "os.popen", "components.html", "components.v1.html", "st.iframe", "st.map",
    "yaml.load", "tempfile.mktemp",
)  # fmt: skip
BANNED_METHODS = ("to_html", "read_pickle", "to_pickle", "to_excel", "extractall")
# Charts of these kinds fetch outlines or tiles from elsewhere.
FETCHING = (
    "scattergeo",
    "choropleth",
    "choroplethmap",
    "scattermap",
    "densitymap",
    "scattermapbox",
    "choroplethmapbox",
)


def dangerous(file: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Calls that run what data say, put data where they are read as code, or fetch from elsewhere."""
    for name, line in imports(tree):
        if any(name == b or name.startswith(b + ".") for b in BANNED_IMPORTS):
            yield line, f"imports {name}"
    for name, call in calls(tree):
        last = name.rpartition(".")[2]
        if name in BANNED_CALLS or last in BANNED_METHODS:
            yield call.lineno, f"calls {name}"
        if last.lower().replace("_", "") in FETCHING:
            yield call.lineno, f"{name} fetches from outside"
        for key, value in keywords(call).items():
            if key in BANNED_WORDS:
                yield call.lineno, f"passes {key}"
            if key == "shell" and not (isinstance(value, ast.Constant) and value.value is False):
                yield call.lineno, "starts a shell"


def connections(file: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The database is opened by the modules named, with their settings."""
    for name, line in imports(tree):
        if name == "duckdb.connect" or (name.split(".")[0] == "duckdb" and not file.startswith("warehouse/")):
            yield line, f"imports {name}"
    if file in CONNECTING:
        return
    for name, call in calls(tree):
        if name in (
            "duckdb.connect",
            "duckdb.sql",
            "duckdb.query",
            "duckdb.execute",
            "duckdb.default_connection",
        ):
            yield call.lineno, f"calls {name}"


def file_readers(file: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Files somebody sent are opened by the confined worker."""
    if file.startswith("warehouse/intake/"):
        return
    for name, line in imports(tree):
        library = name.split(".")[0]
        if name == "?" or (library in FILE_READERS and library not in OWN_ARCHIVES.get(file, ())):
            yield line, f"imports {name}"
    for name, call in calls(tree):
        if name.rpartition(".")[2] in READING_CALLS:
            yield call.lineno, f"calls {name}"


def downloads(file: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """A download's name is made by `ui.export.file_name`: it keeps two people's files apart, and says what is synthetic."""
    for name, call in calls(tree):
        if name.rpartition(".")[2] != "download_button":
            continue
        given = keywords(call).get("file_name")
        if not (isinstance(given, ast.Call) and dotted(given.func) in ("export.file_name", "file_name")):
            yield call.lineno, "a download without a name from ui.export"
            continue
        if ast.unparse(keywords(given).get("synthetic", ast.Constant(None))) != "c.synthetic":
            yield call.lineno, "a download whose name does not ask whether its numbers are synthetic"


def decks(file: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """One factory makes the maps, with the style served here and a tooltip that holds places, not data."""
    for name, line in imports(tree):
        if name.split(".")[0] == "pydeck" and file != "ui/map.py":
            yield line, "imports pydeck"
    for name, call in calls(tree):
        last = name.rpartition(".")[2]
        if last == "Deck":
            style = keywords(call).get("map_style")
            first = style.values[0] if isinstance(style, ast.JoinedStr) and style.values else style
            if not (isinstance(first, ast.Constant) and str(first.value).startswith("/map/")):
                yield call.lineno, "a map whose style is not served here"
        elif last == "pydeck_chart" and not (
            call.args
            and isinstance(call.args[0], ast.Call)
            and dotted(call.args[0].func) in ("deck", "map.deck")
        ):
            yield call.lineno, "a map that the factory did not make"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and "tooltip" in node.name:
            for inner in ast.walk(node):
                if isinstance(inner, ast.Attribute) and inner.attr in DATA_TEXTS:
                    yield inner.lineno, f"{inner.attr} in a tooltip's template"


MARKDOWN_CALLS = (
    "title", "header", "subheader", "markdown", "caption", "info", "warning", "error", "success", "button", "metric", "toast",
    "expander", "tabs", "checkbox", "toggle", "radio", "pills", "segmented_control", "selectbox", "text_input", "badge",
    "download_button", "link_button", "popover", "write",
)  # fmt: skip
DATA_TEXTS = (
    "name_th",
    "name_en",
    "title_th",
    "title_en",
    "publisher",
    "file_name",
    "licence",
    "found",
    "name",
    "area_title",
)
DATA_CALLS = (
    "source_line",
    "area_title",
    "c.name",
    "context.name",
    "display_name",
    "notice.text",
    "error.text",
)
ESCAPING = ("escape_markdown", "markdown_table")
# Texts of the catalogue are ours, whatever they are called.
OWN_OBJECTS = ("entry", "ind", "indicator", "shown", "e", "indicator()", "scene.indicator", "sys", "os")
NOT_MARKDOWN = (
    "key",
    "format_func",
    "alt",
    "placeholder",
    "file_name",
    "kwargs",
    "args",
    "on_click",
    "on_change",
    "data",
)


def unescaped(file: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Text from data that Streamlit reads as Markdown passes `escape_markdown`."""

    def inside(node: ast.AST) -> Iterator[tuple[int, str]]:
        if isinstance(node, ast.Lambda):
            return
        if isinstance(node, ast.Call):
            name = dotted(node.func)
            if name.rpartition(".")[2] in ESCAPING:
                return
            if name in DATA_CALLS:
                yield node.lineno, f"{name}() without escape_markdown"
        elif (
            isinstance(node, ast.Attribute)
            and node.attr in DATA_TEXTS
            and dotted(node.value) not in OWN_OBJECTS
        ):
            yield node.lineno, f"{dotted(node)} without escape_markdown"
        for child in ast.iter_child_nodes(node):
            yield from inside(child)

    for name, call in calls(tree):
        head, _, last = name.rpartition(".")
        if head not in ("st", "streamlit") or last not in MARKDOWN_CALLS:
            continue
        read = [*call.args[:1], *(v for k, v in keywords(call).items() if k not in NOT_MARKDOWN)]
        if last == "metric":
            read += call.args[1:]
        for argument in read:
            yield from inside(argument)


# Ways on which what a screen shows outlives it or reaches somebody else.
DESK_BANNED = (
    "cache_data", "cache_resource", "download_button", "link_button", "query_params", "image", "audio", "video", "pdf",
    "file_uploader",
    "data_editor", "html", "iframe", "map", "pydeck_chart", "plotly_chart", "print", "exception", "toast",
)  # fmt: skip


def desk(file: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Households reach the screen and nothing else; the public app imports nothing of them."""
    if not file.startswith(("desk/", "warehouse/desk/")) and file != "warehouse/cli.py":
        for name, line in imports(tree):
            if f"{name}.".startswith(("desk.", "warehouse.desk.")):
                yield line, f"imports {name}"
    if not file.startswith("desk/"):
        return
    for node in ast.walk(tree):
        name = (
            node.attr if isinstance(node, ast.Attribute) and dotted(node.value) in ("st", "streamlit")
            else node.id if isinstance(node, ast.Name) else ""
        )  # fmt: skip
        if name in DESK_BANNED:
            yield node.lineno, f"uses {name}"
        if isinstance(node, ast.keyword) and node.arg == "exc_info":
            yield node.value.lineno, "logs the text of an error"


RULES: dict[str, Callable[[str, ast.AST], Iterator[tuple[int, str]]]] = {
    rule.__name__: rule
    for rule in (cached, dangerous, connections, file_readers, downloads, decks, unescaped, desk)
}


def broken(rule: str, file: str, source: str) -> list[Broken]:
    """Lines of a source text that break a rule."""
    return [Broken(file, line, text) for line, text in RULES[rule](file, ast.parse(source))]


def sources(root: Path) -> Iterator[tuple[str, str]]:
    """Path inside the checkout and text of every module of the product."""
    for room in ROOMS:
        place = root / room
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            yield path.relative_to(root).as_posix(), path.read_text("utf-8")
