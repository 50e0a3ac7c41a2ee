"""Convert vectors to two TSV files, which TensorBoard's Embedding Projector reads."""

import logging
import os
import sys
from collections.abc import Sequence

from fastsgns.formats import sniffing, tsv
from fastsgns.scripts.running import ADVICE, check_files, make_parser, run
from fastsgns.vectors.keyedvectors import KeyedVectors

logger = logging.getLogger(__name__)

EXAMPLES = """\
  python -m fastsgns.scripts.word2vec2tensor --input vectors.txt --output vectors
  python -m fastsgns.scripts.word2vec2tensor --input vectors.bin --binary --output vectors
  (both write vectors_tensor.tsv and vectors_metadata.tsv)
"""
OF_WORD2VEC = ADVICE | {
    sniffing.NO_HEADER: "a text without a header, such as GloVe's, needs one: run glove2word2vec",
    sniffing.BINARY: "the file looks binary: give --binary",
    sniffing.TEXT: "the file is text: leave out --binary",
}


def word2vec2tensor(
    word2vec_model_path: str | os.PathLike[str],
    tensor_filename: str | os.PathLike[str],
    binary: bool = False,
) -> None:
    r"""Read a file in word2vec format, and write its vectors and its words as TSV.

    Parameters
    ----------
    word2vec_model_path : str or os.PathLike
    tensor_filename : str or os.PathLike
        The vectors are written to ``<tensor_filename>_tensor.tsv``, one per line, and the words in
        the same order to ``<tensor_filename>_metadata.tsv``.
    binary : bool
        Whether the file to read is binary.

    Examples
    --------
    >>> kv = KeyedVectors(2)
    >>> kv.add_vectors(["to", "be"], [[1, 0], [0, 1]])
    >>> kv.save_word2vec_format("vectors.txt")
    >>> word2vec2tensor("vectors.txt", "vectors")
    >>> print(open("vectors_tensor.tsv").readline().split("\t"))
    ['1', '0\n']
    """
    prefix = os.fspath(tensor_filename)
    tensor, metadata = f"{prefix}_tensor.tsv", f"{prefix}_metadata.tsv"
    check_files([word2vec_model_path], [tensor, metadata])
    vectors = KeyedVectors.load_word2vec_format(word2vec_model_path, binary=binary)
    tsv.write_pair(tensor, metadata, vectors.vectors, {"word": vectors.index_to_key})
    logger.info("%d words in %s and %s", len(vectors), tensor, metadata)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the script."""
    parser = make_parser(
        "fastsgns.scripts.word2vec2tensor",
        "Convert vectors to the TSV files of TensorBoard's Embedding Projector.",
        EXAMPLES,
    )
    parser.add_argument("-i", "--input", required=True, help="file in word2vec format")
    parser.add_argument("-o", "--output", required=True, help="prefix of the files to write")
    parser.add_argument("-b", "--binary", action="store_true", help="the input file is binary")
    options = parser.parse_args(argv)
    return run(
        "word2vec2tensor",
        lambda: word2vec2tensor(options.input, options.output, options.binary),
        OF_WORD2VEC,
    )


if __name__ == "__main__":
    sys.exit(main())
