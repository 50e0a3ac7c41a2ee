"""How often a training is saved: after a number of epochs, or of minutes."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastsgns import rules

MOST_EPOCHS = 2**31
UNITS = {1: "s sec second seconds", 60: "m min mins minute minutes", 3600: "h hour hours"}
UNITS |= {86400: "d day days"}
SECONDS = {name: seconds for seconds, names in UNITS.items() for name in names.split()}
DURATION = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)\s*([a-z]+)", re.ASCII | re.IGNORECASE)
Every = int | str | timedelta


@dataclass(frozen=True)
class EveryRule(rules.Whole):
    """A whole number of epochs, or a duration, which becomes a timedelta."""

    def _typed(self, value: Any) -> Any:
        value = rules.unwrapped(value)
        if isinstance(value, timedelta):
            return value
        duration = DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
        if duration is None:
            return super()._typed(value)
        number, unit = float(duration[1]), duration[2].lower()
        try:
            return timedelta(seconds=number * SECONDS[unit]) if unit in SECONDS else None
        except OverflowError:
            return None

    def _in_range(self, value: Any) -> bool:
        return value > timedelta() if isinstance(value, timedelta) else super()._in_range(value)


EVERY = EveryRule(
    f"integers from 1 to {MOST_EPOCHS}, which are numbers of epochs, and durations such as "
    "'10 min', '30 s', '2 h' and datetime.timedelta(minutes=10)",
    ..., 1, MOST_EPOCHS,
)  # fmt: skip
