"""The parts of Word2Vec."""
