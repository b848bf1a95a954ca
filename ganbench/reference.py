"""The reference for plugin authors, as Markdown: the hooks, the public names by their module, the checks.

`python -m ganbench.reference > docs/reference.md` makes it from the docstrings; the source is read and not run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click

from ganbench import _HOMES

ROOT = Path(__file__).parents[1]
HOOKS = "ganbench.hooks"
CHECKS = "ganbench.testing.assertions"
HEAD = """# Reference

For authors of plugins; `plugins.md` is the tutorial. Made from the docstrings by
`python -m ganbench.reference > docs/reference.md`: change those, not this file."""

Definition = ast.ClassDef | ast.FunctionDef


def reference() -> str:
    """The whole page, ending in a newline."""
    hooks = _module(HOOKS)
    sections = [
        HEAD,
        f"## Hooks: `{HOOKS}`",
        _text(hooks),
        *(line for each in hooks.body if _is_hook(each) for line in _definition(each)),
        "## The public names of `ganbench`",
        *(line for module, names in _HOMES.items() for line in _section(module, names)),
        "## Checks for a plugin's own tests: `ganbench.testing`",
        *_section(CHECKS, _functions(CHECKS), headed=False),
    ]
    return "\n\n".join(sections) + "\n"


def _module(name: str) -> ast.Module:
    return ast.parse((ROOT / f"{name.replace('.', '/')}.py").read_text(encoding="utf-8"))


def _functions(module: str) -> tuple[str, ...]:
    """The public functions of a module."""
    found = (each.name for each in _module(module).body if isinstance(each, ast.FunctionDef))
    return tuple(name for name in found if not name.startswith("_"))


def _is_hook(statement: ast.stmt) -> bool:
    decorators = statement.decorator_list if isinstance(statement, ast.FunctionDef) else []
    return "hookspec" in map(ast.unparse, decorators)


def _section(module: str, names: tuple[str, ...], headed: bool = True) -> Iterator[str]:
    tree = _module(module)
    if headed:
        yield f"### From `{module}`"
    yield _text(tree)
    for statement in tree.body:
        if isinstance(statement, Definition) and statement.name in names:
            yield from _definition(statement)
        elif isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) in names:
            yield f"#### `{ast.unparse(statement)}`"


def _definition(found: ast.stmt) -> Iterator[str]:
    """A function or a class with its fields and methods, as paragraphs."""
    if isinstance(found, ast.FunctionDef):
        yield f"#### `{_signature(found)}`"
        yield _text(found)
    elif isinstance(found, ast.ClassDef):
        yield f"#### `{found.name}({', '.join(map(ast.unparse, found.bases))})`".replace("()`", "`")
        yield _text(found)
        if members := [*_fields(found), *_methods(found)]:
            yield "\n".join(members)


def _fields(of: ast.ClassDef) -> Iterator[str]:
    """A line for each field, with the string that stands below it."""
    for statement, below in zip(of.body, [*of.body[1:], None], strict=True):
        if isinstance(statement, ast.AnnAssign) and not ast.unparse(statement.target).startswith("_"):
            said = below.value.value if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) else ""
            yield _item(ast.unparse(statement), str(said))


def _methods(of: ast.ClassDef) -> Iterator[str]:
    """A line for each method or property that is no other's business."""
    for each in of.body:
        if isinstance(each, ast.FunctionDef) and (each.name == "__call__" or not each.name.startswith("_")):
            decorators = [ast.unparse(d) for d in each.decorator_list]
            is_property = any(name.endswith("property") for name in decorators)
            kind = "abstract " * ("abstractmethod" in decorators) + "property " * is_property
            typed = f"{each.name}: {ast.unparse(each.returns)}" if is_property and each.returns else _signature(each)
            yield _item(typed, _text(each), kind)


def _item(code: str, text: str, kind: str = "") -> str:
    return f"- {kind}`{code}`" + "".join(f"\n  {line}".rstrip() for line in text.splitlines())


def _signature(function: ast.FunctionDef) -> str:
    returns = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    return f"{function.name}({ast.unparse(function.args)}){returns}"


def _text(found: ast.Module | Definition) -> str:
    """The docstring, its errors as a list."""
    text = ast.get_docstring(found) or ""
    return re.sub(r"^    (\w+(?:, \w+)*: )", r"- \1", text.replace("Raises:\n", "Raises:\n\n"), flags=re.MULTILINE)


if __name__ == "__main__":
    click.echo(reference(), nl=False)
