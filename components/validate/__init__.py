"""Room `validate`: the gate over the turn table; see the README beside this file."""

import os

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # before any module imports Great Expectations: no telemetry
