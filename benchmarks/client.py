"""How much faster the client's pool is than one question after the other, against a slow server on loopback.

`python benchmarks/client.py [--requests N] [--delay S] [--concurrency N]`: the server waits `--delay` seconds
before each answer and takes as many at once as it gets. The last line asks all again: from the cache.
"""

import argparse
import io
import tempfile
import time
from pathlib import Path

from components.teacher.budget import Budget
from components.teacher.cache import AnswerCache
from components.teacher.chat import ChatRequest, Image, ask
from components.teacher.client import Client
from components.teacher.endpoint import Endpoint
from tests.support.openai_server import Say, Server, serving

FRAME = b"\xff\xd8\xff" + bytes(20_000)  # as large as a small JPEG frame


def requests(count: int) -> list[ChatRequest]:
    """Questions of two frames each, like those about pairs of seconds."""
    return [ask("what changed?", f"pair {n}", Image(FRAME), Image(FRAME + b"x")) for n in range(count)]


def measure(server: Server, folder: Path, count: int, concurrency: int) -> float:
    """Seconds until all are answered."""
    endpoint = Endpoint(server.url, "m", "1", 0.0, 0.0, concurrency=concurrency)
    client = Client(endpoint, AnswerCache(folder), Budget(), stream=io.StringIO())
    start = time.perf_counter()
    client.ask_many(requests(count))
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=64)
    parser.add_argument("--delay", type=float, default=0.2, help="seconds before each answer")
    parser.add_argument("--concurrency", type=int, nargs="+", default=[4, 16, 32])
    args = parser.parse_args()
    with serving(lambda body, before: Say("a change", wait_s=args.delay)) as server:
        with tempfile.TemporaryDirectory() as folder:
            alone = measure(server, Path(folder), args.requests, 1)
        print(f"{args.requests} requests of two 20 kB frames, {args.delay:g} s each at the server")
        print(f"{'one by one':>16}  {alone:7.2f} s  {args.requests / alone:7.1f}/s")
        for concurrency in args.concurrency:
            with tempfile.TemporaryDirectory() as folder:
                pooled = measure(server, Path(folder), args.requests, concurrency)
                kept = measure(server, Path(folder), args.requests, concurrency)
            rate = f"{args.requests / pooled:7.1f}/s"
            print(f"{concurrency:>6} in flight  {pooled:7.2f} s  {rate}  {alone / pooled:5.1f} times as fast")
        print(f"{'kept answers':>16}  {kept:7.2f} s  {args.requests / kept:7.1f}/s, no call")


if __name__ == "__main__":
    main()
