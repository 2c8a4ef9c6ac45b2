"""`python -m components.cli` is `streamo`."""

import sys

from components.cli.main import main

sys.exit(main())
