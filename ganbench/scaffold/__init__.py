"""The package that `ganbench new-plugin` writes. Its files lie here, with my_plugin in the place of the name."""
