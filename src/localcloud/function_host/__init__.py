"""Runs one unmodified function app: what Azure Functions supplies around Microsoft's worker library.

HTTP routing, queue polling, timers and output bindings behave as the Functions host 4.x documents them.
"""

from localcloud.function_host.config import FunctionHostConfig
from localcloud.function_host.server import serve

__all__ = ["FunctionHostConfig", "serve"]
