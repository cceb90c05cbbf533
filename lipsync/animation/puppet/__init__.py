"""The embedded animator: it warps the portrait itself, at full size, and needs no weights."""

from lipsync.animation.puppet.puppet import Puppet
from lipsync.animation.puppet.rig import Rig

__all__ = ["Puppet", "Rig"]
