"""English."""

from lipsync.text.normalization.lexicon import Lexicon, Noun


def _plain(name: str) -> Noun:
    return Noun(name, name + "s")


_CENT = _plain("cent")

ENGLISH = Lexicon(
    code="en",
    number_code="en",
    months=(
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ),
    minus="minus",
    units={
        "km/h": Noun("kilometre per hour", "kilometres per hour"), "mph": Noun("mile per hour", "miles per hour"),
        "m/s": Noun("metre per second", "metres per second"), "m²": Noun("square metre", "square metres"),
        "sq ft": Noun("square foot", "square feet"), "km²": Noun("square kilometre", "square kilometres"),
        "m³": Noun("cubic metre", "cubic metres"), "km": _plain("kilometre"), "mm": _plain("millimetre"),
        "cm": _plain("centimetre"), "m": _plain("metre"), "ft": Noun("foot", "feet"), "mi": _plain("mile"),
        "kg": _plain("kilogram"), "mg": _plain("milligram"), "g": _plain("gram"), "lbs": _plain("pound"),
        "lb": _plain("pound"), "oz": _plain("ounce"), "ml": _plain("millilitre"), "l": _plain("litre"),
        "L": _plain("litre"), "hrs": _plain("hour"), "hr": _plain("hour"), "h": _plain("hour"),
        "min": _plain("minute"), "sec": _plain("second"), "ms": _plain("millisecond"), "s": _plain("second"),
        "GHz": Noun("gigahertz"), "MHz": Noun("megahertz"), "kHz": Noun("kilohertz"), "Hz": Noun("hertz"),
        "kW": _plain("kilowatt"), "W": _plain("watt"), "TB": _plain("terabyte"), "GB": _plain("gigabyte"),
        "MB": _plain("megabyte"), "KB": _plain("kilobyte"), "kB": _plain("kilobyte"),
    },
    scales={"k": Noun("thousand"), "K": Noun("thousand"), "million": Noun("million"), "billion": Noun("billion"),
            "M": Noun("million"), "bn": Noun("billion"), "trillion": Noun("trillion"), "thousand": Noun("thousand")},
    money={
        "$": (_plain("dollar"), _CENT), "€": (_plain("euro"), _CENT), "£": (_plain("pound"), Noun("penny", "pence")),
        "₽": (_plain("rouble"), _plain("kopeck")), "₴": (_plain("hryvnia"), _plain("kopeck")),
        "₸": (Noun("tenge"), Noun("tiyn")), "¥": (Noun("yen"), Noun("sen")),
    },
    percent=Noun("percent"),
    degree=_plain("degree"),
    celsius="Celsius",
    signs={".": "dot", "/": "slash", "-": "dash", "_": "underscore", "@": "at", "#": "hashtag"},
    between={"+": "plus", "-": "minus", "−": "minus", "×": "times", "*": "times", "=": "equals", "÷": "divided by",
             "<": "is less than", ">": "is greater than"},
    words={"&": "and", "№": "number", "§": "section", "%": "percent", "°": "degrees", "=": "equals", "+": "plus"},
    abbreviations={
        r"Mr\.": "Mister", r"Mrs\.": "Missis", r"Ms\.": "Miz", r"Dr\.": "Doctor", r"Prof\.": "Professor",
        r"St\. (?=[A-Z])": "Saint ", r"e\.g\.": "for example", r"i\.e\.": "that is", r"etc\.": "et cetera.",
        r"vs\.?(?= )": "versus", r"approx\.": "approximately", r"No\. ?(?=\d)": "number ", r"Jr\.": "Junior.",
        r"Sr\.": "Senior.", r"Fig\. ?(?=\d)": "Figure ", r"pp\. ?(?=\d)": "pages ", r"p\. ?(?=\d)": "page ",
        r"Ave\.": "Avenue.", r"Blvd\.": "Boulevard.", r"Inc\.": "Incorporated.", r"Ltd\.": "Limited.",
        r"Co\.": "Company.",
        r"dept\.": "department", r"est\. (?=\d)": "established ", r"Gov\.(?= [A-Z])": "Governor",
        r"Sen\.(?= [A-Z])": "Senator",
        r"Gen\.(?= [A-Z])": "General", r"Capt\.": "Captain", r"Lt\.": "Lieutenant", r"w/o": "without", r"w/": "with ",
        r"Jan\.": "January", r"Feb\.": "February", r"Aug\.": "August", r"Sept?\.": "September", r"Oct\.": "October",
        r"Nov\.": "November", r"Dec\.": "December",
    },
    halves={"½": "one half", "¼": "one quarter", "¾": "three quarters"},
)  # fmt: skip
