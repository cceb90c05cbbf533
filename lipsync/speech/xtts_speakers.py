"""The voices of ``speakers_xtts.pth``: who of the 58 is a man, which the file does not say."""

from __future__ import annotations

_MEN = frozenset(
    {
        "Andrew Chipper", "Badr Odhiambo", "Dionisio Schuyler", "Royston Min", "Viktor Eka", "Abrahan Mack",
        "Adde Michal", "Baldur Sanjin", "Craig Gutsy", "Damien Black", "Gilberto Mathias", "Ilkin Urbano",
        "Kazuhiko Atallah", "Ludvig Milivoj", "Suad Qasim", "Torcull Diarmuid", "Viktor Menelaos",
        "Zacharie Aimilios", "Ige Behringer", "Filip Traverse", "Damjan Chapman", "Wulf Carlevaro",
        "Aaron Dreschner", "Kumar Dahl", "Eugenio Mataracı", "Ferran Simen", "Xavier Hayasaka", "Luis Moray",
        "Marcos Rudaski",
    }
)  # fmt: skip
_WOMEN = frozenset(
    {
        "Claribel Dervla", "Daisy Studious", "Gracie Wise", "Tammie Ema", "Alison Dietlinde", "Ana Florence",
        "Annmarie Nele", "Asya Anara", "Brenda Stern", "Gitta Nikolina", "Henriette Usha", "Sofia Hellen",
        "Tammy Grit", "Tanja Adelina", "Vjollca Johnnie", "Nova Hogarth", "Maja Ruoho", "Uta Obando",
        "Lidiya Szekeres", "Chandra MacFarland", "Szofi Granger", "Camilla Holmström", "Lilya Stainthorpe",
        "Zofija Kendrick", "Narelle Moon", "Barbora MacLean", "Alexandra Hisakawa", "Alma María",
        "Rosemary Okafor",
    }
)  # fmt: skip


def sex_of(name: str) -> str:
    """``male``, ``female``, or empty for a voice that is not one of the 58."""
    return "male" if name in _MEN else "female" if name in _WOMEN else ""
