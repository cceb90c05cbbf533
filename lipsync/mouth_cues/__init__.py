"""Mouth cues for animators: nine mouth shapes with their times, from our own phones or from Rhubarb."""
