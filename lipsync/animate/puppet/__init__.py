"""The embedded animator: it warps the portrait itself, at full size, and needs no weights."""

from lipsync.animate.puppet.puppet import Puppet
from lipsync.animate.puppet.rig import Rig, prepare_rig

__all__ = ["Puppet", "Rig", "prepare_rig"]
