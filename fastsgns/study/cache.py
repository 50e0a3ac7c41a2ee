"""Cache: one JSON file per result, named by a digest of everything that the result depends on."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from fastsgns.formats.files import local_path
from fastsgns.formats.writing import atomic

Result = dict[str, Any]  # a JSON object


def digest(key: object) -> str:
    """Return a short name for any value that JSON can hold.

    Examples
    --------
    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    text = json.dumps(key, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


class Cache:
    """Results by key, in a folder; each file is written completely or not at all.

    Parameters
    ----------
    folder : path
        Created if it does not exist.

    Examples
    --------
    >>> cache = Cache("cache")
    >>> cache.put({"seed": 1}, {"loss": 2.5})
    >>> cache.get({"seed": 1}), cache.get({"seed": 2})
    ({'loss': 2.5}, None)
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(local_path(folder))
        self.folder.mkdir(parents=True, exist_ok=True)

    def get(self, key: object) -> Result | None:
        """Return the result of a key; None if its file is missing or damaged."""
        try:
            content = json.loads(self._path(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        is_same = isinstance(content, dict) and content.get("key") == json.loads(json.dumps(key))
        return content.get("result") if is_same else None

    def put(self, key: object, result: Result) -> None:
        """Store a result in place of an earlier one.

        Raises
        ------
        ValueError
            If it contains a number that JSON cannot represent.
        """
        text = json.dumps({"key": key, "result": result}, indent=1, allow_nan=False)
        with atomic(self._path(key)) as temporary:
            Path(temporary).write_text(text + "\n", encoding="utf-8")

    def _path(self, key: object) -> Path:
        return self.folder / f"{digest(key)}.json"
