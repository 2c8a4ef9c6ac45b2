"""The registry's store and DVC against a real S3 server: `python -m infra.swift.scenario FOLDER`; see run.sh.

The tests that moto's server sees in every run of the suite, then what only a real server can show.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from components.core.errors import StoreError, UsageError
from components.core.s3_client import S3Settings
from components.core.s3_upload import put_if_absent
from components.registry.store import open_store
from infra.swift.server import Swift, swift
from tests.support.packages import PRODUCT, make_package, noise
from tests.support.s3_server import OTHER, S3Server

ROOT = Path(__file__).resolve().parents[2]
TESTS = ["tests/fault/test_store_s3.py", "tests/fault/test_dvc_s3.py"]
LEFT_OUT = {
    "four_publishers_at_once": "Swift's conditional PUT is not atomic: counted in the last row",
    "old_unfinished_uploads": "only moto makes an upload look old",
    "ignores_conditions": "the planted fault takes away a signed header, which Swift notices",
}
PACKAGES = ("swift-proxy", "memcached")
Row = tuple[str, bool, str]


def run_tests(endpoint: S3Server, folder: Path) -> list[Row]:
    """The suite's own tests against this server, one row each."""
    report, chosen = folder / "tests.xml", " and ".join(f"not {name}" for name in LEFT_OUT)
    env = {**os.environ, OTHER: f"{endpoint.url},{endpoint.access_key},{endpoint.secret_key}"}
    command = [sys.executable, "-m", "pytest", *TESTS, "-k", chosen, f"--junitxml={report}"]
    with (folder / "tests.log").open("w") as log:
        subprocess.run(command, cwd=ROOT, env=env, stdout=log, stderr=log, check=False)
    # A test that did not pass has an element below its own.
    cases = list(ElementTree.parse(report).iter("testcase"))  # noqa: S314 - pytest wrote it a moment ago
    return [
        (
            case.get("name", ""),
            not len(case),
            case[0].tag if len(case) else f"{float(case.get('time', 0)):.1f} s",
        )
        for case in cases
    ]


def wrong_credentials(server: Swift, work: Path) -> str:
    """An unknown user and a wrong secret are refused with advice."""
    said = set()
    for wrong in ({"access_key": "test:nobody"}, {"secret_key": "guessed"}):
        os.environ.update(replace(server.endpoint, **wrong).env)
        try:
            open_store("s3://scenario/p").versions()
        except StoreError as error:
            said.add(str(error).partition("(")[2].partition(")")[0])
        else:
            raise AssertionError(f"let in with {list(wrong)}")
    os.environ.update(server.endpoint.env)
    return f"refused: {', '.join(sorted(said))}"


def survives_a_kill(server: Swift, work: Path) -> str:
    """Every process of the server is killed; after a new start every byte is there."""
    manifest, files = make_package(
        work / "package", files={**PRODUCT, "product/large": noise(11 * 2**20, "swift")}
    )
    open_store("s3://scenario/p").publish(manifest, files)
    server.kill()
    server.start()
    faults = open_store("s3://scenario/p").verify("v0.1.0")
    if faults:
        raise AssertionError(faults)
    return f"{len(files)} files verified after the restart"


def one_after_the_other(server: Swift, work: Path) -> str:
    """A second publisher of a version hears the first one's commit."""
    command = [sys.executable, "-m", "tests.support.publish_one", "s3://scenario/one"]
    said = [
        subprocess.run(
            [*command, str(work / me), me * 40, "0"], cwd=ROOT, capture_output=True, text=True, check=False
        ).stdout.strip()
        for me in "12"
    ]
    if said[0] != "won" or f"published from commit {'1' * 40}" not in said[1]:
        raise AssertionError(said)
    return "the second is told the first one's commit"


def writers_at_once(server: Swift, work: Path) -> str:
    """How many of 8 conditional writers of one key win, in 10 rounds; an atomic server has 1 each time."""
    client = server.endpoint.client()

    def write(key: str, me: int) -> bool:
        return put_if_absent(client, {"Bucket": "scenario", "Key": key}, str(me).encode(), S3Settings())

    with ThreadPoolExecutor(8) as pool:
        winners = [sum(pool.map(write, [f"race-{n}"] * 8, range(8))) for n in range(10)]
    if min(winners) < 1:
        raise AssertionError(f"nobody won: {winners}")
    return f"winners in each round: {', '.join(map(str, winners))}"


OWN: dict[str, Callable[[Swift, Path], str]] = {
    "wrong credentials": wrong_credentials,
    "two publishers, one after the other": one_after_the_other,
    "server killed and started again": survives_a_kill,
    "8 conditional writers at once (measured, no promise)": writers_at_once,
}


def attempt(check: Callable[[Swift, Path], str], server: Swift, work: Path) -> tuple[bool, str]:
    """Run one check; a failed one is a row, not the end."""
    try:
        return True, check(server, work)
    except (AssertionError, StoreError) as error:
        return False, str(error)


def versions() -> str:
    """What this was run with."""
    found = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${Version}, ", *PACKAGES],
        capture_output=True,
        text=True,
        check=True,
    )
    ours = ", ".join(f"{name} {version(name)}" for name in ("boto3", "dvc", "dvc-s3"))
    return f"{found.stdout}{ours}, Python {platform.python_version()}"


def main() -> int:
    """Run everything, print the table; 1 if anything failed."""
    folder = Path(sys.argv[1])
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder}: not empty; name a new folder")
    print(f"OpenStack Swift with s3api on loopback, {time.strftime('%Y-%m-%d')}\n{versions()}")
    for name, reason in LEFT_OUT.items():
        print(f"left out of the suite's tests: {name}: {reason}")
    print()
    with swift(folder) as server, tempfile.TemporaryDirectory() as work:
        os.environ.update(server.endpoint.env, STREAMO_S3_PART_MIB="5")
        server.endpoint.client().create_bucket(Bucket="scenario")
        rows = run_tests(server.endpoint, folder)
        for name, check in OWN.items():
            rows.append((name, *attempt(check, server, Path(work) / name.replace(" ", "-"))))
    width = max(len(name) for name, _, _ in rows)
    for name, passed, seen in rows:
        print(f"{'ok    ' if passed else 'FAILED'}  {name:<{width}}  {seen}")
    failed = sum(not passed for _, passed, _ in rows)
    print(f"\n{len(rows) - failed} of {len(rows)} ok; every process stopped")
    if not failed:
        shutil.rmtree(folder)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
