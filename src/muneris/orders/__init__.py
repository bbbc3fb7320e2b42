"""Orders: taken once, driven to rest, whatever fails around them."""
