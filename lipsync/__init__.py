"""lipsync: a text becomes a video of a portrait speaking it.

The flow, one direction, no way back::

    text --speech--> Speech --track--> FaceTrack --animator(portrait)--> frames --video--> MP4

Each arrow is a folder of this package; :mod:`lipsync.pipeline.service` joins them; the web and the command line are
two
thin faces of the service.
"""

__version__ = "0.1.0"
