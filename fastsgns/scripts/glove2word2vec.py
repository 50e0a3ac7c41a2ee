"""Convert GloVe's text format to that of word2vec, which has a header.

``KeyedVectors.load_word2vec_format(path, no_header=True)`` reads files of GloVe without conversion.
"""

import logging
import os
import sys
from collections.abc import Sequence

from fastsgns.formats import sniffing
from fastsgns.scripts.running import ADVICE, check_files, make_parser, run
from fastsgns.vectors.keyedvectors import KeyedVectors

logger = logging.getLogger(__name__)

EXAMPLES = """\
  python -m fastsgns.scripts.glove2word2vec --input glove.6B.50d.txt --output glove.w2v.txt
  python -m fastsgns.scripts.glove2word2vec -i glove.840B.300d.txt.gz -o glove.w2v.txt.gz
"""
OF_GLOVE = ADVICE | {
    sniffing.HEADER: "if that is a header, the file needs no conversion",
    sniffing.BINARY: "the file looks binary, and files of GloVe are text",
    sniffing.CUT: "repair or remove that line",
}


def glove2word2vec(
    glove_input_file: str | os.PathLike[str], word2vec_output_file: str | os.PathLike[str]
) -> tuple[int, int]:
    r"""Write a file of GloVe with a header; return its numbers of words and of dimensions.

    Parameters
    ----------
    glove_input_file, word2vec_output_file : str or os.PathLike
        A file whose name ends in .gz, .bz2 or .xz is compressed.

    Examples
    --------
    >>> with open("glove.txt", "w") as file:
    ...     _ = file.write("to 1 0\nbe 0 1\n")
    >>> glove2word2vec("glove.txt", "word2vec.txt")
    (2, 2)
    """
    check_files([glove_input_file], [word2vec_output_file])
    vectors = KeyedVectors.load_word2vec_format(glove_input_file, no_header=True)
    vectors.save_word2vec_format(word2vec_output_file)
    logger.info("%d words of %d dimensions", len(vectors), vectors.vector_size)
    return len(vectors), vectors.vector_size


def main(argv: Sequence[str] | None = None) -> int:
    """Run the script."""
    parser = make_parser(
        "fastsgns.scripts.glove2word2vec", "Add a header to a file of GloVe.", EXAMPLES
    )
    parser.add_argument("-i", "--input", required=True, help="file of GloVe")
    parser.add_argument("-o", "--output", required=True, help="file to write, with a header")
    options = parser.parse_args(argv)
    return run("glove2word2vec", lambda: glove2word2vec(options.input, options.output), OF_GLOVE)


if __name__ == "__main__":
    sys.exit(main())
