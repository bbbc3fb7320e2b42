"""Places a file of orders with the running local cloud, as many guests would, and checks what came of it.

It acts as an outsider: through the public API and the simulator's own controls. Only to know when all is
quiet does it look into the region's storage.
"""
