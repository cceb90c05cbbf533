"""Where the 3D head is that the package ships; ``python -m tools.head_model`` writes it."""

from __future__ import annotations

from pathlib import Path

HEAD_FILE = Path(__file__).parents[2] / "assets" / "head" / "head.glb"
"""A GLB file: a person who does not exist, of MakeHuman's data (CC0 1.0)."""
