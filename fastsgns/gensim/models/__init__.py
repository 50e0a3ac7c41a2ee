"""The modules that the classes of fastsgns name as theirs while they are installed as gensim's."""
