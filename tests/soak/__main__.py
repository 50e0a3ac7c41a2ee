"""python -m tests.soak --minutes N --seed S: see CONTRIBUTING.md."""

import faulthandler
import sys

from .driver import main

faulthandler.enable()
sys.exit(main())
