"""An app that cannot be imported."""

raise RuntimeError("the app's own failure")
