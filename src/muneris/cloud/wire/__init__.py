"""Requests to Azure's services, made by hand where the SDK's cost counts (docs/adr/0012)."""
