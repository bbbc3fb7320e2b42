"""Traffic Manager on one machine: probes the regions and sends callers to the nearest healthy one."""

from localcloud.traffic_manager.config import Endpoint, Probe, TrafficManagerConfig
from localcloud.traffic_manager.server import serve

__all__ = ["Endpoint", "Probe", "TrafficManagerConfig", "serve"]
