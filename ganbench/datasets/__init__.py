"""Datasets: one family a file, all in through entry points like a stranger's."""
