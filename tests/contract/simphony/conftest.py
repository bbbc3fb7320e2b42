from tests.simphony_caller import call, simulation
from tests.simphony_notified import receiver

__all__ = ["call", "receiver", "simulation"]
