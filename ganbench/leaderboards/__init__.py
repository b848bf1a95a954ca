"""From stored records to pandas tables, Markdown and CSV."""
