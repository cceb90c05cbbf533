"""A text in each language that holds most of its sounds."""

SAMPLES = {
    "ru": "Съешь же ещё этих мягких французских булок, да выпей чаю. Шесть мышат, щука, цапля, жук, подъезд, вьюга.",
    "en": "The quick brown fox jumps over the lazy dog. A judge, vision, thing, that boy, cow, fire, pure, button.",
    "uk": "Жебракують філософи при ґанку церкви в Гадячі, ще й шатро їхнє п'яне знаємо. Дзвін, джміль, цвях, вовк.",
    "kk": "Щучинск аққу құс өз үйінде бір інжу тапты. Ғарыш, әже, ұлы, һақ, жаңа, хат, цирк, чемпион, ёлка, вагон.",
    "be": "У рудога вераб'я ў сховішчы пад фатэлем ляжаць нейкія гаючыя зёлкі. Дзень, джала, шчасце, цюлень.",
    "uz": "Salom, qalaysiz? O'zbek tili go'zal. Choy, shahar, yosh, ming, xat, gul.",
    "ka": "გამარჯობა, როგორ ხარ? ქართული ენა, წყალი, ჭამა, ყველა, ძაღლი, ჯერ, ჟამი, ღამე, ფული.",
    "de": "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. Ich mache Äpfel, schön, Pfütze, heute.",
    "fr": "Portez ce vieux whisky au juge blond qui fume. Un bon vin blanc, oignon, huit, œuf, peu, fille, chat.",
    "es": "El veloz murciélago hindú comía feliz cardillo y kiwi. La cigüeña tocaba el saxofón. Año, llave, jamón.",
    "it": "Ma la volpe col suo balzo ha raggiunto il quieto Fido. Gnocchi, figlio, sciare, zio, pizza, acqua.",
    "pt": "À noite, vovô Kowalsky vê o ímã cair no pé do pinguim queixoso. Filho, manhã, não, põe, carro, tia.",
    "pl": "Pchnąć w tę łódź jeża lub ośm skrzyń fig. Chrząszcz brzmi w trzcinie, dźwięk, dżem, cień, życie, ręka.",
    "cs": "Příliš žluťoučký kůň úpěl ďábelské ódy. Chata, řeka, tři, ňadra, tchán, dům, cesta, džem.",
    "tr": "Pijamalı hasta yağız şoföre çabucak güvendi. Ilık, öğretmen, ağaç, jandarma, lale, kâğıt.",
}
