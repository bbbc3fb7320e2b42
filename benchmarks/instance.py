"""An instance of a function app on Flex Consumption, as bills and plans take it."""

GB = 2
"""Its memory: the size that Azure chooses unless told otherwise."""
CORES = 1
"""Of this size (Azure: "Flex Consumption plan", instance sizes). The worker is one process: more idle."""
BUSY = 0.5
"""The share of its core that the apps use while it is billed, an assumption: the Functions host shares it."""
PLACES = 32
"""Executions at once: batchSize + newBatchThreshold of host.json; HTTP set to the same."""
