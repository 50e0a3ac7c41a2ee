"""Cache: one JSON file for each result, named by a digest of what the result depends on."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from fastsgns.formats.files import local_path
from fastsgns.formats.writing import atomic

Result = dict[str, Any]


def digest(key: Any) -> str:
    """Give a short name for anything JSON can say.

    Examples
    --------
    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    text = json.dumps(key, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


class Cache:
    """Results by key, in a folder; each is written whole or not at all.

    Parameters
    ----------
    folder : path
        Made if it does not exist.

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

    def get(self, key: Any) -> Result | None:
        """Give the result of a key, or None if there is none, or its file is damaged."""
        try:
            content = json.loads(self._path(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        known = isinstance(content, dict) and content.get("key") == json.loads(json.dumps(key))
        return content.get("result") if known else None

    def put(self, key: Any, result: Result) -> None:
        """Keep a result, replacing an earlier one.

        Raises
        ------
        ValueError
            If it holds a number that JSON can't say.
        """
        text = json.dumps({"key": key, "result": result}, indent=1, allow_nan=False)
        with atomic(self._path(key)) as temporary:
            Path(temporary).write_text(text + "\n", encoding="utf-8")

    def _path(self, key: Any) -> Path:
        return self.folder / f"{digest(key)}.json"
