"""Azure Storage on one machine: Microsoft's emulator, one process a region, on disk."""

from localcloud.azurite.process import Azurite, StorageAddress

__all__ = ["Azurite", "StorageAddress"]
