"""One module per command: flags in, one call of the library, a summary out."""
