"""Speed, memory and quality of fastsgns, beside gensim where it is installed: python -m bench."""
