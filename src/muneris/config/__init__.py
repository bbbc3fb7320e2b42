"""Companies, properties and their menus."""
