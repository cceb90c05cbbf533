"""The web: a page and an API over one :class:`lipsync.pipeline.service.LipsyncService`. ``app.py`` puts it
together."""
