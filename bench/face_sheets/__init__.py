"""Sheets of moving portraits to be looked at: ``python -m bench.face_sheets``."""
