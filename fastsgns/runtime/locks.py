"""The lock of what objects compute when it is first needed: views, moved rows, composed vectors."""

import os
import threading

first_use = threading.RLock()
"""Held while an object computes what a query needs, so that many threads may query it at once.

There is one lock for all objects, since a thread that needs two locks could wait for ever. Most of
what is computed under it takes moments. After a training it takes longer, once: the vectors of all
words of a FastText model are composed of those of their n-grams, and GloVe's are summed. The first
uses of other objects wait meanwhile, and so does a fork. The lock is held during a fork: no other
thread then holds it in the child, where it would never be released, and nothing is half computed
there.
"""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=first_use.acquire,
        after_in_parent=first_use.release,
        after_in_child=first_use.release,
    )
