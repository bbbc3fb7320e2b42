"""Sign-in: sessions, access tokens and the keys that verify them."""
