"""The glossary is whole in both languages, its entries find each other, and its formulas say what the code does."""

import math
import re
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from analytics.access import Points, distance_km
from analytics.association import repeated_medians
from analytics.glossary import load_methods, load_terms, matches, read_methods, read_terms
from analytics.overlap import cells_from_unions
from analytics.spec_tables import SpecError
from analytics.stars import stars

TERM = """
[[term]]
id = "a"
name_th = "ก"
name_en = "A"
text_th = "ก"
text_en = "A."
pages = ["overview"]
"""
METHOD = TERM.replace("term", "method") + (
    "formulas = ['x']\nwhere_th = 'ก'\nwhere_en = 'x'\nsource_th = 'ก'\nsource_en = 's'\n"
)
THAI = re.compile(r"[\u0e00-\u0e7f]")


def test_the_glossary_is_large_enough_and_names_what_people_ask_for():
    terms = load_terms()
    assert len(terms) >= 40
    asked = {
        "target_poor",
        "mpi_poor",
        "mpi",
        "h",
        "a",
        "m0",
        "ntl",
        "neet",
        "nrd2c",
        "stars",
        "jpt",
        "suppressed",
    }
    assert asked <= set(terms)


@pytest.mark.parametrize("entry", [*load_terms().values(), *load_methods().values()], ids=lambda e: e.id)
def test_thai_is_thai_english_is_english_and_formulas_balance(entry):
    assert THAI.search(entry.text_th)
    assert not THAI.search((entry.name_en + entry.text_en).replace("จปฐ", "").replace("กชช.2ค", ""))
    assert len(entry.text_th) >= 30 and len(entry.text_en) >= 30
    formulas = [entry.formula] if hasattr(entry, "formula") else list(entry.formulas)
    for formula in filter(None, formulas):
        assert formula.count("{") - formula.count(r"\{") == formula.count("}") - formula.count(r"\}")
        assert formula.count(r"\left") - formula.count(r"\leftarrow") == formula.count(r"\right")


def test_every_method_explains_a_term():
    assert {term.method for term in load_terms().values()} - {""} == set(load_methods())


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (TERM + TERM, "id"),
        (TERM + 'see = ["b"]', "a.see"),
        (TERM + 'see = ["a"]', "a.see"),
        (TERM + 'formula = "ก = 1"', "term 1.formula"),
        (TERM + "colour = 1", "term 1.colour"),
        (TERM.replace('text_en = "A."', ""), "term 1.text_en"),
        (TERM.replace('id = "a"', 'id = "A-1"'), "term 1.id"),
        ("x = 1", "term"),
    ],
)
def test_a_broken_glossary_is_told_with_the_place(text, key):
    with pytest.raises(SpecError) as told:
        read_terms(text)
    assert told.value.key == key


def test_a_broken_method_is_told_with_the_place():
    assert read_methods(METHOD)["a"].formulas == ("x",)
    for text, key in ((METHOD + METHOD, "id"), (METHOD.replace("['x']", "['ก']"), "method 1.formula")):
        with pytest.raises(SpecError) as told:
            read_methods(text)
        assert told.value.key == key


def test_a_search_asks_for_every_word_and_not_for_blanks():
    assert matches("คน จน", ["คนจน MPI"]) and matches("คนจน", ["คน จน"])
    assert matches("", []) and not matches("คนจน m1", ["คนจน MPI"])


def test_the_formula_of_exact_sets_gives_the_cells():
    """g(S) = U(D) - U(D - S), e(S) = sum of (-1)^(|S| - |T|) g(T), as the method says."""
    dice = np.random.default_rng(5)
    whole = frozenset(range(5))
    sets = [frozenset(s) for n in range(1, 6) for s in combinations(range(5), n)]
    true = {s: int(dice.integers(0, 50)) for s in sets}

    def mask(s):
        return "".join("1" if i in s else "0" for i in range(5))

    def union(s):
        return sum(n for found, n in true.items() if found & s)

    cells = cells_from_unions({mask(s): [union(s)] for s in sets})

    def inside(s):
        return union(whole) - union(whole - s)

    for s in sets:
        parts = [frozenset(t) for n in range(1, len(s) + 1) for t in combinations(sorted(s), n)]
        e = sum((-1) ** (len(s) - len(t)) * inside(t) for t in parts)
        assert e == true[s] == int(cells[mask(s)][0])


def test_the_formulas_of_stars_lines_and_distances_are_those_of_the_code():
    rates = pd.Series(np.arange(1.0, 14.0))
    assert stars(rates).tolist() == [5 - math.floor(5 * (r - 1) / 13) for r in range(1, 14)]
    x, y = np.array([0.0, 1.0, 2.0, 4.0]), np.array([1.0, 3.0, 4.0, 20.0])
    slopes = [np.median([(y[j] - y[i]) / (x[j] - x[i]) for j in range(4) if j != i]) for i in range(4)]
    assert np.median(slopes) in repeated_medians(x, y)
    a, b = (np.radians(p) for p in ((100.5, 13.75), (98.99, 18.79)))
    half = (
        math.sin((b[1] - a[1]) / 2) ** 2 + math.cos(a[1]) * math.cos(b[1]) * math.sin((b[0] - a[0]) / 2) ** 2
    )
    km = 2 * 6371.0088 * math.asin(math.sqrt(half))
    found = distance_km(Points.of([100.5], [13.75]), Points.of([98.99], [18.79]))
    assert found[0] == pytest.approx(km)
