"""All boards as one self-contained web page."""
