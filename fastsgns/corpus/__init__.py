"""Text in: sentences, vocabularies, and corpora as numbers."""
