"""`streamo stream --model DIR SOURCE --ask "text[@seconds]"`: let a model watch a video turn by turn."""

import argparse
from typing import TYPE_CHECKING

from components.core.errors import UsageError
from components.core.files import dumps

if TYPE_CHECKING:
    from components.infer.session import StreamTurn


def add(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command."""
    parser = sub.add_parser(
        "stream",
        help="let a model watch a video turn by turn",
        description="Show a video to a model second by second. Each second it is silent, stands by or "
        "responds; one line a turn is printed as soon as it is decided.",
    )
    parser.add_argument("source", metavar="SOURCE", help="a video file")
    parser.add_argument("--model", required=True, metavar="DIR", help="a trained model folder")
    parser.add_argument(
        "--ask",
        action="append",
        default=[],
        metavar="TEXT[@SECONDS]",
        help="a question, asked at the start or at a second; may be repeated",
    )
    parser.add_argument("--fps", type=int, default=1, metavar="K", help="frames shown a second (default 1)")
    parser.add_argument("--max-new-tokens", type=int, metavar="N", help="tokens of an answer (default 32)")
    parser.add_argument("--json", action="store_true", help="one JSON object per turn, one a line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print one line per turn; the last turn is that of the video's last second."""
    if args.max_new_tokens is not None and args.max_new_tokens < 1:
        raise UsageError(f"--max-new-tokens must be at least 1, got {args.max_new_tokens}")
    from pathlib import Path

    from components.infer.policies import from_folder, open_session
    from components.infer.session import MAX_NEW_TOKENS
    from components.infer.watch import parse_question, watch_file
    from components.infer.windowed import WindowedSession
    from components.model.adapter import load

    questions = [parse_question(text) for text in args.ask]
    source = Path(args.source)
    if not source.is_file():
        raise UsageError(f"{source}: no such file")
    adapter, tokens = load(args.model), args.max_new_tokens or MAX_NEW_TOKENS
    session = open_session(from_folder(Path(args.model), adapter), adapter, max_new_tokens=tokens)
    assert not isinstance(session, WindowedSession), "no trained policy has a window of its own"
    for turn, latency_ms in watch_file(session, source, questions, fps=args.fps):
        print(json_line(turn, latency_ms) if args.json else human_line(turn), end="", flush=True)
    return 0


def json_line(turn: "StreamTurn", latency_ms: float) -> str:
    """The object of the public contract (docs/architecture.md, Command line)."""
    return dumps(
        {
            "turn": turn.turn,
            "start_s": turn.start_s,
            "end_s": turn.end_s,
            "state": turn.state.label,
            "text": turn.text,
            "p_silence": round(turn.p_silence, 6),
            "p_standby": round(turn.p_standby, 6),
            "p_response": round(turn.p_response, 6),
            "latency_ms": round(latency_ms, 3),
        },
        indent=None,
    )


def human_line(turn: "StreamTurn") -> str:
    """`  12s  response 0.93  three jumps`, below a line for each question asked on the turn."""
    asked = "".join(f"{turn.turn:5d}s  > {question}\n" for question in turn.questions)
    share = {"silence": turn.p_silence, "standby": turn.p_standby, "response": turn.p_response}
    label = turn.state.label
    said = f"  {turn.text}" if turn.text is not None else ""
    return f"{asked}{turn.turn:5d}s  {label:8s} {share[label]:.2f}{said}\n"
