"""Weights that a user may have: which there are, how to get them, and what a file of them turns out to be."""
