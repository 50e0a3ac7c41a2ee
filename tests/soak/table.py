"""All classes of which there are sessions."""

from . import cooccurring, data, links, phrasing, vectors, words

SUBJECTS = {
    subject.name: subject
    for subject in [
        *words.SUBJECTS,
        *cooccurring.SUBJECTS,
        *links.SUBJECTS,
        *phrasing.SUBJECTS,
        *vectors.SUBJECTS,
        *data.SUBJECTS,
    ]
}
