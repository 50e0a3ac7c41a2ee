"""Scripts under the names of gensim's package scripts."""
