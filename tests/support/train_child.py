"""Imported once by multiprocessing's fork server: each training starts as a fork, without 6 s of imports."""

import os

from components.core.process import FIXED_ENV

os.environ.update(FIXED_ENV, DS_ACCELERATOR="cpu")

import sys
from pathlib import Path
from typing import Any

import deepspeed
import torch

from components.train import run


def train(job: dict[str, Any], log: str, env: dict[str, str]) -> None:
    """One training in this process; what it prints goes to `log`."""
    stream = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(stream, 1)
    os.dup2(stream, 2)
    os.environ.update(env)
    run.train_job(job)


def disagree(log: str, env: dict[str, str]) -> None:
    """Ranks that hold different numbers; the message goes to `log`, and the exit code is 0 if refused."""
    from components.core.errors import InternalError
    from components.train.engine import join
    from components.train.step import agree

    os.environ.update(env)
    join()
    agree("label counts", [3, 4], torch.device("cpu"))
    try:
        agree("label counts", [3, int(env["RANK"])], torch.device("cpu"))
    except InternalError as error:
        with Path(log).open("a") as out:
            print(error, file=out)
        sys.exit(0)
    sys.exit(1)


__all__ = ["deepspeed", "disagree", "train"]
