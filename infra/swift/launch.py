"""Start one Swift server with all of its settings in one folder: `launch.py proxy-server CONF`.

Runs on Debian's Python, where Swift is installed. The packaged commands read swift.conf from /etc only.
"""

import sys
from pathlib import Path

from swift.common import utils
from swift.common.wsgi import run_wsgi

if __name__ == "__main__":
    kind, conf = sys.argv[1:]
    utils.set_swift_dir(str(Path(conf).parent))
    arguments = {}
    if kind == "object-server":
        from swift.obj import server

        arguments["global_conf_callback"] = server.global_conf_callback
    sys.exit(run_wsgi(conf, kind, verbose=True, **arguments))
