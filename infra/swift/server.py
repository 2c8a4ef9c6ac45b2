"""One Swift on loopback in one folder: account, container and object server, proxy with S3, memcached."""

import contextlib
import getpass
import os
import secrets
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from components.core.errors import InternalError
from components.core.files import write_text
from components.core.process import kill_group, start_group
from tests.support.processes import wait_until
from tests.support.s3_server import S3Server, answers, free_port

HERE = Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"  # Debian's, where the packages are
BACKENDS = ("account", "container", "object")
STARTS_WITHIN_S = 60
PIPELINE = (
    "catch_errors gatekeeper healthcheck cache listing_formats compat s3api tempauth bulk copy slo dlo "
    "versioned_writes symlink proxy-server"
)
FILTERS = {
    "catch_errors": "catch_errors",
    "gatekeeper": "gatekeeper",
    "healthcheck": "healthcheck",
    "listing_formats": "listing_formats",
    "bulk": "bulk",
    "copy": "copy",
    "slo": "slo",
    "dlo": "dlo",
    "symlink": "symlink",
}


@dataclass
class Swift:
    """A Swift that can be started, killed and started again on the same disks."""

    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    processes: list["subprocess.Popen[str]"] = field(default_factory=list)
    secret: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def endpoint(self) -> S3Server:
        """Where its S3 interface listens, and the one user's keys."""
        return S3Server(f"http://127.0.0.1:{self.ports['proxy']}", "test:publisher", self.secret)

    def configure(self) -> None:
        """Write settings, rings and an empty disk below the folder."""
        self.ports = {name: free_port() for name in (*BACKENDS, "proxy", "memcached")}
        disk = self.folder / "disks" / "d1"
        disk.mkdir(parents=True)
        try:
            os.setxattr(disk, "user.swift", b"x" * 1024)
        except OSError as error:
            raise InternalError(
                f"{disk}: Swift needs extended attributes here ({error}); use another disk"
            ) from None
        common = {
            "bind_ip": "127.0.0.1", "workers": "0", "user": getpass.getuser(), "log_level": "WARNING",
            "swift_dir": str(self.folder), "devices": str(disk.parent), "mount_check": "false",
        }  # fmt: skip
        # A fixed salt of the placement hash: this is a Swift for an hour, on one disk.
        self.write("swift.conf", {"swift-hash": {"swift_hash_path_suffix": "streamo"}})
        for name in BACKENDS:
            default = {**common, "bind_port": str(self.ports[name])}
            app = {"use": f"egg:swift#{name}"}
            self.write(
                f"{name}-server.conf",
                {
                    "DEFAULT": default,
                    "pipeline:main": {"pipeline": f"{name}-server"},
                    f"app:{name}-server": app,
                },
            )
            self.ring(name)
        self.write(
            "proxy-server.conf",
            {"DEFAULT": {**common, "bind_port": str(self.ports["proxy"])}, **self.proxy()},
        )

    def proxy(self) -> dict[str, dict[str, str]]:
        """The proxy's pipeline with one user who owns the account."""
        sections = {
            "pipeline:main": {"pipeline": PIPELINE},
            "app:proxy-server": {"use": "egg:swift#proxy", "account_autocreate": "true"},
            "filter:compat": {"paste.filter_factory": "compat:filter_factory"},
            "filter:s3api": {"use": "egg:swift#s3api", "location": "us-east-1"},
            "filter:tempauth": {"use": "egg:swift#tempauth", "user_test_publisher": f"{self.secret} .admin"},
            "filter:cache": {
                "use": "egg:swift#memcache", "memcache_servers": f"127.0.0.1:{self.ports['memcached']}"
            },
            "filter:versioned_writes": {
                "use": "egg:swift#versioned_writes", "allow_object_versioning": "true"
            },
        }  # fmt: skip
        return sections | {f"filter:{name}": {"use": f"egg:swift#{egg}"} for name, egg in FILTERS.items()}

    def write(self, name: str, sections: dict[str, dict[str, str]]) -> None:
        """Write one ini file, readable by its owner only."""
        lines = []
        for section, values in sections.items():
            lines += [f"[{section}]", *[f"{key} = {value}" for key, value in values.items()], ""]
        write_text(self.folder / name, "\n".join(lines))
        (self.folder / name).chmod(0o600)

    def ring(self, name: str) -> None:
        """One replica on one disk: placement for one kind of server."""
        builder = str(self.folder / f"{name}.builder")
        for words in (
            ["create", "4", "1", "1"],
            ["add", f"r1z1-127.0.0.1:{self.ports[name]}/d1", "1"],
            ["rebalance"],
        ):
            done = subprocess.run(["swift-ring-builder", builder, *words], capture_output=True, text=True)
            if done.returncode > 1:  # 1 is a warning of a ring as small as this
                raise InternalError(f"swift-ring-builder {words[0]}: {done.stdout} {done.stderr}")

    def start(self) -> None:
        """Start all five processes and wait until the proxy answers."""
        memory = ["memcached", "-l", "127.0.0.1", "-p", str(self.ports["memcached"]), "-u", getpass.getuser()]
        self.spawn("memcached", memory)
        for name in (*BACKENDS, "proxy"):
            conf = str(self.folder / f"{name}-server.conf")
            self.spawn(name, [PYTHON, str(HERE / "launch.py"), f"{name}-server", conf])
        if not wait_until(lambda: answers(self.endpoint.url), STARTS_WITHIN_S):
            raise InternalError(f"Swift did not start, see the logs: {self.folder}/*.log")

    def spawn(self, name: str, argv: list[str]) -> None:
        """Start one process in a group of its own that dies with this one."""
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(HERE), "HOME": str(self.folder)}
        with (self.folder / f"{name}.log").open("a") as log:
            self.processes.append(start_group(argv, env=env, stdout=log, stderr=log, cwd=self.folder))

    def kill(self) -> None:
        """SIGKILL everything at once, as a power cut does."""
        for process in self.processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.processes.clear()

    def stop(self) -> None:
        """End everything."""
        for process in self.processes:
            kill_group(process)
        self.processes.clear()


@contextlib.contextmanager
def swift(folder: Path) -> Iterator[Swift]:
    """Swift in an empty folder, stopped on the way out."""
    server = Swift(folder.absolute())
    server.configure()
    try:
        server.start()
        yield server
    finally:
        server.stop()
