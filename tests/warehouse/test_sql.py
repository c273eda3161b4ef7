"""Every statement is ours: what comes from outside is bound as a value, never written into SQL."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "warehouse"
RUNS_SQL = {"execute", "executemany", "sql", "query", "from_query", "_rows", "_table", "_ask"}

# Statements that are not a constant, each with the reason why nothing from outside can be in them.
LOOKED_AT = {
    ("query.py", "sql"): "the argument of _rows, _table and _ask, whose callers are looked at here as well",
    ("query.py", "_marks(names)"): "question marks only",
    ("query.py", "_marks(years)"): "question marks only",
    ("publish.py", "sql"): "from the constant _CHECKS",
    ("publish.py", "SCHEMA.read_text(encoding='utf-8')"): "the file schema.sql beside the code",
    ("publish.py", "_quoted(staging.database)"): "a path the store made; ATTACH takes no parameter",
    ("publish.py", "table"): "from the constant TABLES, or a constant of the caller",
    ("publish.py", "order"): "one of a few constants",
    ("publish.py", "same"): "made of column names that are constants of the caller",
    ("derive.py", "name"): "a loop over constants",
    ("light_files.py", "table"): "a loop over constants",
    ("holdings.py", "_COUNTED[table]"): "constants of the module",
    ("holdings.py", "statement"): "a loop over constants",
    ("village_numbers.py", "which"): "a condition that is a constant of the caller",
    ("village_numbers.py", "others"): "a constant statement; sources are bound",
    ("village_numbers.py", "KNOWN_VILLAGES"): "a constant of villages.py",
    ("store.py", "sql"): "the argument of _ask, whose callers are looked at here as well",
    ("store.py", "SCHEMA.read_text(encoding='utf-8')"): "the file schema.sql beside the code",
    ("store.py", "name"): "a loop over the constant TABLES, or one of three names of the caller",
    ("store.py", "name.rpartition('.')[2]"): "a loop over the constant TABLES",
    ("store.py", "_quoted(_cipher())"): "the path of an installed package; LOAD takes no parameter",
    ("store.py", "_quoted(str(path))"): "a path the store made; ATTACH takes no parameter",
    (
        "store.py",
        "_quoted(keys.store)",
    ): "64 hexadecimal digits, checked when the key is read; ATTACH takes no parameter",
    ("store.py", "mode"): "one of two constants",
    ("store.py", "moved"): "one of two constants",
    ("store.py", "empty"): "names of columns that analytics.vulnerability.members gives",
    ("store.py", "again"): "names of columns that analytics.vulnerability.members gives",
    ("protection.py", "table"): "a loop over constants",
    ("villages.py", "_COVERAGE"): "made of constants of the module",
}


def unbound(source: str, file: str) -> list[tuple[str, str]]:
    """Parts of SQL statements in a module that are neither constants nor looked at."""
    tree = ast.parse(source)
    constants = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr not in RUNS_SQL or not node.args:
            continue
        statement = node.args[0]
        parts = statement.values if isinstance(statement, ast.JoinedStr) else [statement]
        for part in parts:
            part = part.value if isinstance(part, ast.FormattedValue) else part
            if isinstance(part, ast.Constant) or (isinstance(part, ast.Name) and part.id in constants):
                continue
            found.append((file, ast.unparse(part)))
    return [place for place in found if place not in LOOKED_AT]


def test_every_statement_is_a_constant_or_was_looked_at() -> None:
    files = sorted(ROOT.rglob("*.py"))
    assert len(files) > 20
    assert [place for file in files for place in unbound(file.read_text(encoding="utf-8"), file.name)] == []


def test_the_list_names_nothing_that_is_gone() -> None:
    for (name, expression), reason in LOOKED_AT.items():
        # An importer may be called like the readers' side of what it brings.
        files = [file.read_text(encoding="utf-8") for file in ROOT.rglob(name)]
        texts = ["".join(ast.unparse(ast.parse(source)).split()) for source in files]
        assert reason and any("".join(expression.split()) in text for text in texts), (name, expression)


@pytest.mark.parametrize(
    "line",
    [
        "c.execute(f\"SELECT * FROM t WHERE code = '{code}'\")",
        'c.execute("SELECT * FROM t WHERE code = " + code)',
        'c.execute("SELECT * FROM t WHERE code = %s" % code)',
        'self._rows("SELECT {}".format(code))',
        "self._table(text)",
        "c.sql(statement)",
    ],
)
def test_the_check_finds_what_it_is_for(line: str) -> None:
    assert unbound(line, "query.py") != []
