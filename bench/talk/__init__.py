"""How soon a spoken question is answered: ``python -m bench.talk``."""
