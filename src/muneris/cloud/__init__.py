"""Adapters to Azure: tables, documents, events, settings, and the Functions entry."""
