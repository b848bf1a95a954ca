"""The built-in variants and tricks, one file per paper; installed as `ganbench_plugins`."""
