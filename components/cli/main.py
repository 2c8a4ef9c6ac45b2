"""`streamo`: the command line. Light: only the module of the command that was called is imported."""

import argparse
import importlib
import keyword
import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

from components.core.errors import StreamoError, UsageError
from components.core.process import fix_environment

# name: the line `streamo --help` shows. The command lives in components/cli/<name with _>.py (`import`, a
# word of Python, in import_.py), which has `add(subparsers)` and sets the function `run(args) -> int` as the
# parser's default `run`.
COMMANDS = {
    "probe": "decode video files and say which are usable",
    "import": "public label sets to raw labels",
    "convert": "raw labels to stream dialogues or a turn table",
    "frames": "the frames kept of videos: fill in advance, prune, verify",
    "quality": "how far two label files over the same videos agree, with intervals",
    "leaks": "do labels share a video with a benchmark, or hold copies of one?",
    "validate": "the gate on any turn table",
    "review": "people approve, fix or reject labels on a page of this machine",
    "gallery": "one offline page of sampled dialogues of a dataset",
    "score": "score benchmark results made anywhere, with floors and intervals",
    "streamo-bench": "make, check and answer a Streamo-Bench set",
    "evaluate": "any model folder on the held-out set of this checkout",
    "canary": "does the truth, the future or a training video reach what a model is scored on?",
    "gate": "is the candidate not worse than the champion, group by group",
    "stream": "let a model watch a video turn by turn",
    "plan": "what would run and why; runs nothing",
    "drift": "has the data, or have live streams, moved away from the accepted dataset?",
    "audit": "re-hash every byte and walk the receipts down to the raw video",
    "lineage": "what a version was made of, drawn; the runs of this workspace as OpenLineage events",
    "saw": "which registered models ever saw a video, and in which role",
    "erase": "everything that a video touched, and how to take it out; deletes nothing",
    "register": "the commit's candidate becomes a version",
    "versions": "every registered version with its stage",
    "promote": "give a version a stage",
    "rollback": "the former champion serves again",
    "diff": "what changed between two versions: data, params, code, scores, clips",
    "publish": "copy a version to another store",
    "deploy": "work pools, limits and deployments on the Prefect server",
    "profile": "write an overlay of profiles/ into params.yaml",
    "doctor": "what is missing on this machine and the command that mends it",
}
INTERRUPTED = 130
BROKEN_PIPE = 141


class Parser(argparse.ArgumentParser):
    """An argument parser whose mistakes are one line and exit code 2."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError instead of printing the usage and leaving."""
        raise UsageError(f"{message} (see `{self.prog} --help`)")


def build_parser(command: str | None) -> Parser:
    """The whole parser: full arguments for `command`, one help line for every other."""
    parser = Parser(prog="streamo", description="Streaming video instruction tuning as one reproducible DAG.")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an internal failure")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        if name == command:
            importlib.import_module(f"components.cli.{_module(name)}").add(subparsers)
        else:
            subparsers.add_parser(name, help=summary, add_help=False)
    return parser


def _module(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name.replace("-", "_")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns 0 ok, 1 the data says no, 2 wrong use, 3 an internal failure."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    command = next((word for word in arguments if not word.startswith("-")), None)
    fix_environment()
    try:
        args = build_parser(command).parse_args(arguments)
        code: int = args.run(args)
        sys.stdout.flush()
        return code
    except StreamoError as error:
        return fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        return fail("interrupted", INTERRUPTED)
    except BrokenPipeError:  # the reader of a pipe went away, e.g. `streamo ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:  # the outermost frame: any other failure is ours, said in one line
        if "--debug" in arguments:
            traceback.print_exc()
        return fail(f"internal failure, {type(error).__name__}: {error} (`streamo --debug` shows where)", 3)


def fail(message: str, code: int) -> int:
    """Print one line on stderr and return `code`."""
    print("streamo:", " ".join(message.split()), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
