"""Personas: who speaks in a conversation, as TOML files; some come with the package, a folder adds others."""
