"""Where a repository lives, without the secrets and local paths that a remote's address may hold."""

import subprocess
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

LOCAL = "git:local"  # said instead of a path of this machine, or of nothing


def public_url(url: str) -> str:
    """The address without user, password, query and fragment; `git:local` for a path on this machine."""
    if "://" not in url:
        host, colon, path = url.partition(":")  # git's short form, [user@]host:path
        shown = f"{host.rpartition('@')[2]}:{path}"
        return shown if colon and "/" not in host else LOCAL
    parts = urlsplit(url)
    if parts.scheme == "file" or not parts.hostname:
        return LOCAL
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def remote_url(root: Path = Path()) -> str:
    """`public_url` of the remote `origin`; `git:local` where there is none."""
    asked = ["git", "remote", "get-url", "origin"]
    done = subprocess.run(asked, cwd=root, capture_output=True, text=True, check=False)
    return public_url(done.stdout.strip()) if done.returncode == 0 else LOCAL
