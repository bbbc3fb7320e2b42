"""Event Grid on one machine: custom topics that deliver CloudEvents to storage queues."""

from localcloud.event_grid.server import EventGridConfig, serve

__all__ = ["EventGridConfig", "serve"]
