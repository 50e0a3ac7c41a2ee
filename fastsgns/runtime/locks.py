"""The lock of what objects compute when it is first needed: views, moved rows, composed vectors."""

import os
import threading

first_use = threading.RLock()
"""Held while an object computes what a query needs, so that many threads may query it at once.

There is one lock for all objects, since the time that it is held is short, and a thread that needs
two locks could wait for ever. It is held during a fork: no other thread then holds it in the child,
where it would never be released, and nothing is half computed there.
"""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=first_use.acquire,
        after_in_parent=first_use.release,
        after_in_child=first_use.release,
    )
