"""The marts as one page: tiles, charts and proofs in a single HTML file that needs no network."""
