"""docs/simphony.md names every rule of the contract with its source and its tests, and none besides."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from localcloud.layout import PROJECT

PAGE = PROJECT / "docs" / "simphony.md"
SECTION = "\n## The contract, rule by rule\n"


def documented() -> Iterator[tuple[str, frozenset[str]]]:
    """Each test with the sources of its rule, as the page has them."""
    _, _, section = PAGE.read_text().partition(SECTION)
    for row in re.findall(r"^\| (?!rule )(.+) \|$", section.partition("\n## ")[0], re.MULTILINE):
        _, source, tests = row.rsplit(" | ", 2)
        sources = frozenset(each.strip("` ") for each in source.split(","))
        yield from ((test, sources) for test in re.findall(r"`(\w+)`", tests))


def held() -> Iterator[tuple[str, frozenset[str]]]:
    """Each test of this folder with the sources that it is marked with."""
    for file in set(Path(__file__).parent.glob("test_*.py")) - {Path(__file__)}:
        for node in ast.parse(file.read_text()).body:
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name.startswith("test_"):
                    yield name.removeprefix("test_"), frozenset(sources_of(node))


def sources_of(test: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for mark in test.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "source":
            yield from (ast.literal_eval(each) for each in mark.args)


def test_every_rule_names_its_tests_and_every_test_the_source_of_its_rule() -> None:
    rules, tests = list(documented()), list(held())
    assert len(rules) == len(dict(rules))
    assert dict(rules) == dict(tests)
    assert all(sources for _, sources in tests)
