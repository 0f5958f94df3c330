"""What import-linter (pyproject.toml) does not see of how the house hangs together."""

import ast
import warnings
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
OWN = ("flows", "tasks", "sql")
FILES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
    for package in OWN
    for file in sorted((ROOT / package).rglob("*.py"))
}
"""Every module of ours, by its name."""

COMMANDS = "flows.cli"
"""Where functions may import: `palate --help` loads none of what the commands need."""

LATE = {
    ("flows.doctor.services", "flows.service.processes"): "the extra `service`",
    ("flows.recommend", "tasks.llm.asking"): "openai takes a second to load",
    ("flows.cascade", "tasks.store.asked"): "as above",
    ("flows.cells", "tasks.llm.session"): "as above",
    ("flows.lacking", "tasks.store.asked"): "as above",
    ("flows.night", "tasks.llm.session"): "as above",
    ("flows.night", "tasks.store.asked"): "as above",
    ("flows.similarity", "tasks.llm.session"): "as above",
    ("flows.similarity", "tasks.llm.ways"): "as above",
    (
        "tasks.settings.replay",
        "tasks.features.table",
    ): "SciPy takes long to load, for every command",
    ("tasks.features.similarity.stages", "tasks.features.similarity.language"): "as above",
    ("tasks.texts.profiles.stages", "tasks.texts.profiles.language"): "as above",
    ("tasks.texts.sentences.stages", "tasks.llm.asking"): "as above",
    ("tasks.texts.sentences.stages", "tasks.llm.session"): "as above",
    ("tasks.texts.sentences.stages", "tasks.texts.sentences.listed"): "as above",
    ("tasks.wishes.stages", "tasks.llm.asking"): "as above",
    ("tasks.models.baselines.svdpp_fast", "tasks.models.svdpp_compiled"): "the extra `fast`",
    ("flows.runner", "flows.dask.cluster"): "the extra `dask`",
    ("flows.service.server", "flows.service.processes"): "the extra `service`",
}
"""Which functions elsewhere may import what of ours, and why."""

LONG_CHAIN = 10
"""Modules, each of which imports the next."""


class Import(NamedTuple):
    """An import of one of our modules: in which line, and whether inside of a function."""

    module: str
    line: int
    late: bool


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(FILES[module].read_text(encoding="utf-8"))


def imports(node: ast.AST, late: bool = False) -> Iterator[Import]:
    """Every import of ours below a node, `if TYPE_CHECKING` included."""
    for below in ast.iter_child_nodes(node):
        for name in _names(below):
            if name.split(".")[0] in OWN:
                yield Import(name, below.lineno, late)  # type: ignore[attr-defined]
        inside = isinstance(below, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from imports(below, late or inside)


def _names(node: ast.AST) -> list[str]:
    """The modules that a statement imports; what is no module is a name inside of one."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        inner = [f"{node.module}.{alias.name}" for alias in node.names]
        return list({name if name in FILES else node.module for name in inner})
    return []


def place(module: str, line: int) -> str:
    return f"{FILES[module].relative_to(ROOT)}:{line}"


def test_no_import_is_hidden_from_running_code() -> None:
    hidden = [
        place(module, node.lineno)
        for module in FILES
        for node in ast.walk(tree(module))
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    ]
    assert not hidden, "An import under TYPE_CHECKING is an arrow that is not seen"


def test_functions_import_nothing_of_ours_but_in_commands() -> None:
    late = [
        f"{place(module, one.line)} imports {one.module}"
        for module in FILES
        if not f"{module}.".startswith(f"{COMMANDS}.")
        for one in imports(tree(module))
        if one.late and (module, one.module) not in LATE
    ]
    assert not late


def test_the_list_of_late_imports_holds_no_other() -> None:
    late = {(m, one.module) for m in FILES for one in imports(tree(m)) if one.late}
    assert set(LATE) <= late


def test_a_class_name_means_one_thing() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for module in FILES:
        for node in tree(module).body:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(place(module, node.lineno))
    assert not {name: where for name, where in places.items() if len(where) > 1}


def test_the_longest_chain_of_imports_is_reported() -> None:
    chain = longest_chain({m: {i.module for i in imports(tree(m)) if not i.late} for m in FILES})
    assert chain
    if len(chain) > LONG_CHAIN:
        warnings.warn(f"{len(chain)} modules in a row: {' > '.join(chain)}", stacklevel=1)


def test_a_chain_is_followed_to_its_end_and_a_circle_is_left() -> None:
    graph = {"a": {"b", "d"}, "b": {"c"}, "c": {"a", "d"}, "d": set[str]()}
    assert longest_chain(graph) == ["a", "b", "c", "d"]


def test_imports_are_found_wherever_they_stand() -> None:
    source = """
import tasks.core.errors
from tasks.core import errors, nothing
if TYPE_CHECKING:
    from flows import inner
def function():
    import polars
    from tasks.data.tables import Table
"""
    assert sorted(imports(ast.parse(source))) == [
        *(("flows.inner", 5, False), ("tasks.core", 3, False), ("tasks.core.errors", 2, False)),
        *(("tasks.core.errors", 3, False), ("tasks.data.tables", 8, True)),
    ]


def longest_chain(graph: dict[str, set[str]]) -> list[str]:
    """The most modules of which each imports the next; in a circle, one of its imports is left."""
    longest: dict[str, list[str]] = {}

    def follow(module: str, above: tuple[str, ...]) -> list[str]:
        if module not in longest:
            below = sorted(graph.get(module, set()) - {module, *above})
            rest = max((follow(name, (*above, module)) for name in below), key=len, default=[])
            longest[module] = [module, *rest]
        return longest[module]

    return max((follow(module, ()) for module in sorted(graph)), key=len, default=[])
