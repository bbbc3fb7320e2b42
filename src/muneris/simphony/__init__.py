"""Oracle Simphony Transaction Services Gen 2: sign-in, menus, checks."""
