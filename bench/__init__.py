"""How fast it is and how much memory it takes: ``python -m bench``."""
