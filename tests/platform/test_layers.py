"""What the import contracts cannot say: the inner layers use nothing but the standard library."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def imported_by(layer: str) -> Iterator[tuple[str, str]]:
    """Yield each module of a layer with the top-level name of everything it imports."""
    for path in sorted((ROOT / layer).rglob("*.py")):
        where = str(path.relative_to(ROOT))
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from ((where, alias.name.split(".")[0]) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield where, (node.module or "").split(".")[0] if node.level == 0 else "a relative name"


@pytest.mark.parametrize(("layer", "allowed"), [("domain", {"domain"}), ("resolvers", {"resolvers", "domain"})])
def test_an_inner_layer_imports_only_itself_what_it_rests_on_and_the_standard_library(
    layer: str, allowed: set[str]
) -> None:
    foreign = [
        (where, name)
        for where, name in imported_by(layer)
        if name not in sys.stdlib_module_names and name not in allowed
    ]

    assert foreign == []
