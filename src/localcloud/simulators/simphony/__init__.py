"""Oracle Simphony Transaction Services Gen 2 on one machine: its identity provider and its API.

State lives in memory. `/sim` controls what no real Simphony offers: menus, faults, every check.
"""

from localcloud.simulators.simphony.server import SimphonyConfig, build_app, serve

__all__ = ["SimphonyConfig", "build_app", "serve"]
