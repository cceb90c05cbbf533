"""Conversations in a loop, for an hour: ``python -m bench.talk_loop``."""
