"""What a module imports from this repository, found by reading it (nothing is imported).

DVC does not see Python imports; a test compares this with the dependencies each stage declares.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

TOPS = ("components", "flows")


@dataclass
class Closure:
    """Files a module needs, and the places where it imports by a name that only the run knows.

    Attributes:
        files: paths relative to the root, sorted.
        dynamic: `path:line` of calls of `import_module` or `__import__` whose argument is no plain string.

    """

    files: list[str] = field(default_factory=list)
    dynamic: list[str] = field(default_factory=list)

    @property
    def rooms(self) -> set[str]:
        """Rooms of components/ among the files."""
        parts = [path.split("/") for path in self.files]
        return {part[1] for part in parts if part[0] == "components" and len(part) > 2}


def import_closure(module: str, root: Path = Path()) -> Closure:
    """The closure of `module`; of a package that is run by `-m`, its `__main__` too."""
    closure, seen = Closure(), set[str]()
    waiting = [*module_files(module, root), *module_files(f"{module}.__main__", root)]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for name, line in imported(path, root):
            if name is None:
                closure.dynamic.append(f"{path}:{line}")
            else:
                waiting += module_files(name, root)
    closure.files = sorted(seen)
    return closure


def module_files(module: str, root: Path) -> list[str]:
    """Files that importing a dotted name runs: every package on the way, then the module."""
    parts = module.split(".")
    if parts[0] not in TOPS:
        return []
    files = []
    for depth in range(1, len(parts) + 1):
        stem = Path(*parts[:depth])
        for candidate in (stem / "__init__.py", stem.with_suffix(".py")):
            if (root / candidate).is_file():
                files.append(candidate.as_posix())
                break
        else:  # `from package import name`: the name is a value, not a module
            break
    return files


def imported(path: str, root: Path = Path()) -> Iterator[tuple[str | None, int]]:
    """`(dotted name, line)` of everything a file imports, `(None, line)` where only the run knows the name.

    A string that spells one of our modules counts: that is how a child process is given its entry (`-m`).
    """
    package = path.split("/")[:-1]
    for node in ast.walk(ast.parse((root / path).read_text(encoding="utf-8"), filename=path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])
            base = base if node.level else str(node.module)
            yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if _spells_module(node.value, root):
                yield node.value, node.lineno
                yield f"{node.value}.__main__", node.lineno
        elif isinstance(node, ast.Call) and _imports_unknown(node):
            yield None, node.lineno


def _spells_module(value: str, root: Path) -> bool:
    parts = value.split(".")
    if parts[0] not in TOPS or len(parts) < 2 or not all(part.isidentifier() for part in parts):
        return False
    stem = root / Path(*parts)
    return stem.with_suffix(".py").is_file() or (stem / "__init__.py").is_file()


def _imports_unknown(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    known = bool(call.args) and isinstance(call.args[0], ast.Constant)
    return name in {"import_module", "__import__"} and not known
