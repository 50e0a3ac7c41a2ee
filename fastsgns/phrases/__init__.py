"""Phrases: pairs of words counted, and found again in sentences, corpora and files."""
