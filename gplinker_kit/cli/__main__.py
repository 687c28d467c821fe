"""`python -m gplinker_kit.cli`."""

import sys

from gplinker_kit.cli import main

sys.exit(main())
