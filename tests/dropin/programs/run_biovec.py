"""biovec: a class derived from Word2Vec, with the names of gensim 3 (run with --api 3)."""

import sys
from pathlib import Path

from biovec.models.prot_vec import ProtVec, load_protvec

Path("proteins.fasta").write_text(">a\nAGAMQSASMAGAMQSASM\n>b\nAGAMQSASKAGAMQSASK\n")
model = ProtVec("proteins.fasta", corpus_fname="corpus.txt", n=3, size=12, workers=1)
vectors = model.to_vecs("AGAMQSASM")
assert len(vectors) == 3
assert vectors[0].shape == (12,)
model.save("proteins.model")
loaded = load_protvec("proteins.model")
assert (loaded["AGA"] == model["AGA"]).all()
assert "AGA" in loaded.wv.vocab
print("done", sys.modules["gensim"].__version__)
