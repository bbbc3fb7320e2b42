"""The three regions of Muneris on one machine; nothing of it ships to Azure."""
