"""The file of published examples.  Knows where what stands in it; knows no formula of ours."""

import json
from pathlib import Path
from typing import Any

Example = dict[str, Any]


def document(shared: Path) -> dict[str, Any]:
    """The whole file, below the folder of shared data."""
    loaded: dict[str, Any] = json.loads((shared / "vectors" / "published.json").read_text())
    return loaded


def examples(shared: Path) -> dict[str, list[Example]]:
    """The published examples by kind."""
    by_kind: dict[str, list[Example]] = {}
    for example in document(shared)["vectors"]:
        by_kind.setdefault(example["kind"], []).append(example)
    return by_kind


def goldens(shared: Path, prefix: str) -> list[Example]:
    """The golden examples whose id begins so."""
    return [g for g in document(shared)["engine_goldens"] if g["id"].startswith(prefix)]
