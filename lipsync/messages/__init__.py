"""Every sentence for people, in each language: errors, command line, ``lipsync doctor``, the page and the admin page.

The sentences stand in gettext catalogues, ``locales/<language>.po``; docs/translating.md says how to change them and
how to add a language.

>>> translate("error.unknown_voice", "en", {"voice": "x", "known": ["a", "b"]})
'Unknown voice “x”. Available: a, b.'
"""

from lipsync.messages.catalogue import section, template, translate
from lipsync.messages.languages import DEFAULT_LANGUAGE, LANGUAGES, first_language, language_of_locale, locale_name
from lipsync.messages.message import Message, alternatives

__all__ = [
    "DEFAULT_LANGUAGE",
    "LANGUAGES",
    "Message",
    "alternatives",
    "first_language",
    "language_of_locale",
    "locale_name",
    "section",
    "template",
    "translate",
]
