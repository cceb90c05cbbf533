"""The web: a page and an API over one :class:`lipsync.service.LipsyncService`."""

from lipsync.web.app import create_app

__all__ = ["create_app"]
