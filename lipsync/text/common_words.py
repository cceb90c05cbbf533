"""The most common words of each language, for the detection of short texts."""

COMMON = {
    "ru": "и в не на я что он она они как это по но мы вы за для от до привет спасибо да нет здравствуйте дела "
    "меня вас был была были есть где когда потому очень все всё только сегодня мой моя если или добрый "
    "день",
    "uk": "і й та в у не на я що він вона вони як це по але ми ви за для від до привіт дякую так ні вітаю мене "
    "вас був була були є де коли тому дуже все тільки сьогодні мій моя якщо або добрий вечір добре справи "
    "цей тебе",
    "kk": "және мен сен сіз ол біз бұл сол не кім қайда қалай бар жоқ иә рахмет сәлем үшін бірақ емес деп бір "
    "ма ба ме",
    "be": "і ў у не на я што ён яна яны як гэта па але мы вы за для ад да прывітанне дзякуй так добры дзень "
    "вельмі дзе гэтая гэты мой мая дом",
    "en": "the a an and of to in is are was were it you he she they we i this that for on with as at be have "
    "not but hello hi yes no thanks thank please good what how my your his her from or if there welcome "
    "everyone morning",
    "de": "der die das und ist nicht ich du er sie wir ihr ein eine zu mit auf für von dem den hallo danke ja "
    "nein guten tag wie geht was mein dein auch",
    "fr": "le la les et est un une des du je tu il elle nous vous ne pas que qui dans pour avec sur bonjour "
    "merci oui non bonsoir ça ce cette mon ma",
    "es": "el la los las y es un una de que en no yo tú él ella nosotros por para con hola gracias sí buenos "
    "días qué cómo mi tu está esta",
    "it": "il lo la gli le e è un una di che in non io tu lui lei noi per con ciao grazie sì buongiorno come mi "
    "sono sta questo questa mia",
    "pt": "o a os as e é um uma de que em não eu você ele ela nós por para com olá oi obrigado obrigada sim bom "
    "dia como meu minha está esta",
    "pl": "i w na nie jest to się że do z ja ty on ona my wy dzień dobry cześć dziękuję tak jak mój co dla po",
    "cs": "a v na ne je to se že do s já ty on ona my vy dobrý den ahoj děkuji ano jak můj co pro",
    "tr": "ve bir bu ne ben sen o biz siz için ile de da değil var yok merhaba teşekkür teşekkürler evet hayır "
    "nasıl günaydın iyi çok benim senin evim",
    "uz": "va bu men sen siz u biz uchun bilan emas bor yoʻq yo'q ha salom rahmat qalay qalaysiz yaxshi mening "
    "assalomu alaykum uyim bizning",
}
