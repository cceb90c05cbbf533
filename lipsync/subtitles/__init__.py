"""What is said, to be read: timed cues of a text, as WebVTT, as SubRip and as a track inside of the video."""
