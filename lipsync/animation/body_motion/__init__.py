"""Motion of a body's bones, from presets in JSON files."""
