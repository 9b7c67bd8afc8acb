"""Our own source as syntax trees: what a module imports and what it calls. The house rules are asked of these."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = ("contract", "edge", "central", "models", "datasets")


@dataclass(frozen=True, slots=True)
class Module:
    """One module. `name` is dotted and ends without ``.__init__``."""

    name: str
    tree: ast.Module

    @property
    def imports(self) -> frozenset[str]:
        """Everything imported anywhere in the module, dotted: ``from a.b import c`` gives ``a.b`` and ``a.b.c``."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            match node:
                case ast.Import():
                    found.update(alias.name for alias in node.names)
                case ast.ImportFrom(level=0, module=str(module)):
                    found.add(module)
                    found.update(f"{module}.{alias.name}" for alias in node.names)
                case ast.ImportFrom():
                    found.add("<relative import>")
        return frozenset(found)

    @property
    def calls(self) -> frozenset[str]:
        """Dotted names of what is called, as written: ``datetime.now``, ``open``, ``self._clock.now``."""
        return frozenset(ast.unparse(node.func) for node in ast.walk(self.tree) if isinstance(node, ast.Call))


def snippet(name: str, code: str) -> Module:
    """A module that was never written to disk: for showing that a rule can be broken."""
    return Module(name, ast.parse(code))


def modules(package: str) -> list[Module]:
    """Every module below the dotted `package`, or the one module of that name."""
    place = ROOT / Path(*package.split("."))
    paths = [place.with_suffix(".py")] if place.with_suffix(".py").is_file() else sorted(place.rglob("*.py"))
    assert paths, f"nothing at {place}"
    return [Module(_name(path), ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def is_within(name: str, package: str) -> bool:
    """Whether the dotted `name` is `package` or lies below it.

    >>> is_within("edge.rules.track", "edge.rules"), is_within("edge.rulesets", "edge.rules")
    (True, False)
    """
    return name == package or name.startswith(f"{package}.")


def imports_within(module: Module, packages: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(package, imported name) for every import of `module` that lies within one of `packages`."""
    for imported in sorted(module.imports):
        for package in packages:
            if is_within(imported, package):
                yield package, imported


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
