"""Oracle Simphony Transaction Services Gen 2 on one machine: its identity provider and its API.

State lives in memory. Below `/sim` stands what no real Simphony offers: menus and setups, accounts and what
they were granted, oddities, faults, every check, every notification.
"""

from localcloud.simulators.simphony.server import SimphonyConfig, build_app, serve

__all__ = ["SimphonyConfig", "build_app", "serve"]
