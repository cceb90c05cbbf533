"""lipsync: a text becomes a video of a portrait speaking it.

The flow, one direction, no way back::

    text --speech--> Speech --track--> FaceTrack --animator(portrait)--> frames --video--> MP4

Each arrow is a folder of this package; :mod:`lipsync.pipeline.service` joins them; the web and the command line are
two
thin faces of the service.
"""

import os

__version__ = "0.1.0"

# onnxruntime 1.32 stores a device id and sends telemetry to mobile.events.data.microsoft.com, unless this is set
# before it is imported, by whatever package.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
