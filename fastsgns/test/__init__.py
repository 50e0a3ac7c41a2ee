"""Small texts and paths that the examples of gensim's documentation import."""
