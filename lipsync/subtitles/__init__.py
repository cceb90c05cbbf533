"""Subtitles: timed cues of the spoken text, as WebVTT, as SubRip and as a track in the video."""
