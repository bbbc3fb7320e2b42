"""Stand-ins for services that exist only as somebody's SaaS: their documented contract, traps included."""
