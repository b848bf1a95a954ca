"""A suite of grids that is run night after night, and what each night changed."""
