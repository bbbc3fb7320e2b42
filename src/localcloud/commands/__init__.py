"""The commands of `muneris`, one module each; `localcloud.cli` puts them together."""
