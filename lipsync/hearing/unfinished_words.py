"""Words after which a sentence goes on, by language: conjunctions, prepositions, articles and fillers.

Words that end sentences too, such as "that", «очень» or «пока», are left out: they would make every answer late.
"""

from __future__ import annotations

from collections.abc import Mapping

_FILLERS = ("um", "uh", "er", "erm", "hmm", "mmm", "э", "ээ", "эээ", "мм", "ммм", "е", "ее", "eh", "euh", "äh", "ähm")

_LISTS = {
    "en": (
        "and or but because if when while although though since unless which who whose where as than like the a "
        "an my your its our their every to of at for with from into between i i'm we we're they he she it's "
        "that's there's let's very and_then and_so for_example such_as i_mean you_know kind_of sort_of in_the "
        "on_the"
    ),
    "ru": (
        "и а но или либо что чтобы потому_что потому так_как если когда хотя который которая которое которые куда "
        "откуда как чем то_есть например в во на с со к ко у о об от до за из под над по про при для без через "
        "между не ни самый более ну значит типа короче а_ещё и_ещё как_бы"
    ),
    "uk": (
        "і й та а але або чи що щоб бо тому_що через_те_що якщо коли хоча який яка яке які куди звідки як ніж "
        "тобто наприклад в у на з із зі до від за під над по про при для без через між не ні найбільш більш ну "
        "значить а_ще і_ще"
    ),
    "kk": (
        "және мен бен пен бірақ немесе өйткені сондықтан себебі егер үшін туралы сияқты яғни мысалы өте ең тағы "
        "менің сенің оның біздің"
    ),
    "be": (
        "і й ды а але або ці што каб бо таму_што калі хоць які якая якое як чым напрыклад у ў на з са да ад за "
        "пад над па пра пры для без праз паміж не ну а_яшчэ"
    ),
    "uz": ("va bilan lekin ammo yoki chunki agar uchun haqida ya'ni masalan juda eng yana mening sening"),
    "ka": ("და ან მაგრამ რომ რადგან თუ როცა როგორც მაგალითად ძალიან ჩემი შენი"),
    "de": (
        "und oder aber weil denn dass wenn als ob obwohl damit zum_beispiel der den dem des ein eine einen einem "
        "mein meine dein deine im am für von vom zum zur ohne zwischen sehr"
    ),
    "fr": (
        "et ou mais parce_que parce car que qui quand comme donc par_exemple le la les un une des du de mon ma "
        "mes ton ta tes son sa ses à au aux en dans sur pour sans par je très"
    ),
    "es": (
        "y e o u pero porque que si cuando como aunque por_ejemplo el la los las un una unos unas mi mis tu tus "
        "su sus a al de del en con sin por para sobre muy"
    ),
    "it": (
        "e ed o ma perché che se quando come anche_se per_esempio il lo la i gli le un uno una mio mia tuo tua "
        "suo sua a al alla di del della in nel nella con senza per su sul da dal"
    ),
    "pt": (
        "e ou mas porque que se quando como embora por_exemplo o a os as um uma meu minha seu sua ao à de do da "
        "em no na com sem por para sobre"
    ),
    "pl": (
        "i a ale lub albo czy bo ponieważ że żeby jeśli kiedy gdy jak który która które na_przykład w we na z ze "
        "do od za pod nad po o przy dla bez przez między mój moja twój twoja"
    ),
    "cs": (
        "a i ale nebo protože že aby když jestli pokud jak který která které například v ve na s se z ze do od za "
        "pod nad po o při pro bez přes mezi můj moje tvůj"
    ),
    "tr": ("ve veya ya_da ama fakat çünkü eğer ile mesela örneğin bir en benim senin onun yani"),
}
"""The words, separated by spaces; "_" stands for the space in an entry of several words."""

UNFINISHED: Mapping[str, frozenset[str]] = {
    language: frozenset((*_FILLERS, *(entry.replace("_", " ") for entry in words.split())))
    for language, words in _LISTS.items()
}
"""Last words, one or several, of a sentence that is not finished, in lower case."""
