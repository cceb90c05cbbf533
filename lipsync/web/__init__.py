"""The web: a page and an API over one :class:`lipsync.service.LipsyncService`. ``app.py`` puts it together."""
