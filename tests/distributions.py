"""Real throw-away distributions of one module: what `pip install` would leave, found by importlib.metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path


def distribution(site: Path, name: str, source: str, offers: Mapping[str, Sequence[str]]) -> str:
    """Installs version 1.0 of `name` into the folder `site`, offering names by kind; returns its module's name."""
    module = name.replace("-", "_")
    info = site / f"{module}-1.0.dist-info"
    info.mkdir(parents=True)
    (site / f"{module}.py").write_text(source)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    sections = (
        f"[ganbench.{kind}]\n" + "".join(f"{each} = {module}\n" for each in names) for kind, names in offers.items()
    )
    (info / "entry_points.txt").write_text("\n".join(sections))
    (info / "RECORD").write_text("")
    return module
