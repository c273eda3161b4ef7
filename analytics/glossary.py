"""Words of the field and methods with their formulas, in Thai and English: what the help page explains.

``glossary.toml`` and ``methods.toml`` hold the texts; each entry has an id that an address can name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from analytics.spec_tables import SpecError, SpecTable, each_once, read_text, top_table

GLOSSARY_FILE: Final = Path(__file__).with_name("glossary.toml")
METHODS_FILE: Final = Path(__file__).with_name("methods.toml")
_ID: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_THAI: Final = re.compile(r"[\u0e00-\u0e7f]")
_SPACES: Final = re.compile(r"[\s\u200b]+")


@dataclass(frozen=True, slots=True)
class Term:
    """A word and what it means.

    Attributes
    ----------
    id : str
    name_th, name_en : str
    text_th, text_en : str
        What it means, in one to three sentences.
    formula : str
        LaTeX, empty where there is none.
    pages : tuple of str
        Keys of the pages on which it is met.
    method : str
        Id of the method that says how it is worked out, or empty.
    see : tuple of str
        Ids of other terms.
    """

    id: str
    name_th: str
    name_en: str
    text_th: str
    text_en: str
    formula: str
    pages: tuple[str, ...]
    method: str
    see: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Method:
    """How a number is worked out.

    Attributes
    ----------
    id : str
    name_th, name_en : str
    text_th, text_en : str
    formulas : tuple of str
        LaTeX, in the order in which they are read.
    where_th, where_en : str
        What the letters of the formulas mean.
    source_th, source_en : str
        What the method is taken from, or that it is Daomap's own.
    pages : tuple of str
        Keys of the pages that show such numbers.
    """

    id: str
    name_th: str
    name_en: str
    text_th: str
    text_en: str
    formulas: tuple[str, ...]
    where_th: str
    where_en: str
    source_th: str
    source_en: str
    pages: tuple[str, ...]


def read_terms(text: str, file: str = "glossary.toml") -> Mapping[str, Term]:
    """Read a glossary.

    Returns
    -------
    mapping of str to Term
        By id, in the order of the file.

    Raises
    ------
    SpecError
        On an unknown, missing or ill-typed key, an id that stands twice, a related term that there is not, a formula with
        Thai letters.
    """
    top = top_table(text, file)
    terms = [_term(table) for table in top.tables("term")]
    top.finish()
    ids = [term.id for term in terms]
    each_once(file, "id", ids)
    for term in terms:
        for other in term.see:
            if other not in ids or other == term.id:
                raise SpecError(file, f"{term.id}.see", other, "the id of another term")
    return MappingProxyType({term.id: term for term in terms})


def read_methods(text: str, file: str = "methods.toml") -> Mapping[str, Method]:
    """Read the methods, with the same complaints as `read_terms`."""
    top = top_table(text, file)
    methods = [_method(table) for table in top.tables("method")]
    top.finish()
    each_once(file, "id", [method.id for method in methods])
    return MappingProxyType({method.id: method for method in methods})


def _formula(table: SpecTable, formula: str) -> str:
    if _THAI.search(formula):
        raise SpecError(table.file, table.place("formula"), formula, "LaTeX without Thai letters")
    return formula


def _term(table: SpecTable) -> Term:
    term = Term(
        id=table.key("id", _ID),
        name_th=table.text("name_th"),
        name_en=table.text("name_en"),
        text_th=table.text("text_th"),
        text_en=table.text("text_en"),
        formula=_formula(table, table.text("formula")) if "formula" in table.raw else "",
        pages=table.texts("pages"),
        method=table.key("method", _ID) if "method" in table.raw else "",
        see=table.texts("see") if "see" in table.raw else (),
    )
    table.finish()
    return term


def _method(table: SpecTable) -> Method:
    method = Method(
        id=table.key("id", _ID),
        name_th=table.text("name_th"),
        name_en=table.text("name_en"),
        text_th=table.text("text_th"),
        text_en=table.text("text_en"),
        formulas=tuple(_formula(table, formula) for formula in table.texts("formulas")),
        where_th=table.text("where_th"),
        where_en=table.text("where_en"),
        source_th=table.text("source_th"),
        source_en=table.text("source_en"),
        pages=table.texts("pages"),
    )
    table.finish()
    return method


@cache
def load_terms() -> Mapping[str, Term]:
    """The glossary that ships."""
    terms = read_terms(read_text(GLOSSARY_FILE))
    for term in terms.values():
        if term.method and term.method not in load_methods():
            raise SpecError(GLOSSARY_FILE.name, f"{term.id}.method", term.method, "the id of a method")
    return terms


@cache
def load_methods() -> Mapping[str, Method]:
    """The methods that ship."""
    return read_methods(read_text(METHODS_FILE))


def matches(wanted: str, texts: Sequence[str]) -> bool:
    """Tell whether every word of a search stands in one of the texts; spaces and capitals do not count.

    Examples
    --------
    >>> matches("HEAD ratio", ["H (headcount ratio)", "..."]), matches("แสง กลางคืน", ["แสงกลางคืน (NTL)"])
    (True, True)
    >>> matches("xyz", ["H (headcount ratio)"])
    False
    """
    heap = "\n".join(_SPACES.sub("", text).casefold() for text in texts)
    return all(_SPACES.sub("", word).casefold() in heap for word in wanted.split())
