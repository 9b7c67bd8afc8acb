"""The scene draws and computes; it neither reads nor writes nor looks at a clock."""

import ast
from pathlib import Path

import edge.scene.render

ALLOWED = {
    "numpy",
    "cv2",
    "contract",
    "edge",
    "collections",
    "dataclasses",
    "functools",
    "itertools",
    "math",
    "typing",
    "zlib",
}
FORBIDDEN_CALLS = {"imread", "imwrite", "VideoCapture", "VideoWriter", "open", "print", "seed"}


def test_nothing_in_the_scene_reaches_out() -> None:
    """Every module imports only arithmetic and drawing, from the project only the scene itself, and calls no I/O."""
    folder = Path(edge.scene.render.__file__).parent
    modules = sorted(folder.rglob("*.py"))
    assert len(modules) > 15
    for path in modules:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                assert name.split(".")[0] in ALLOWED, f"{path.name} imports {name}"
                assert not name.startswith("edge") or name.startswith("edge.scene"), f"{path.name} imports {name}"
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                assert called not in FORBIDDEN_CALLS, f"{path.name} calls {called}"
