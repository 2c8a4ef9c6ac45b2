"""The split and the shards for any set of duplicates and any sample lengths."""

import itertools
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.core.hashing import sha256_bytes
from components.dataset.alike import group
from components.dataset.shards import Shards, plain, whole_samples
from components.dataset.split import BENCHMARK, NEAR_BENCHMARK, VALIDATION, split_videos
from components.protocol.tables import TURN_SCHEMA

SETTINGS = settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
NUMBERS = st.integers(0, 11)


@st.composite
def corpora(draw: st.DrawFn) -> tuple[dict[str, str], list[tuple[str, str]], set[str]]:
    """Digests of up to 12 videos (some equal), pairs that look alike, and the benchmark's videos."""
    names = [f"v{number:02d}.mp4" for number in range(draw(st.integers(1, 12)))]
    digests = {name: sha256_bytes(bytes([draw(NUMBERS)])) for name in names}
    one = st.sampled_from(names)
    return digests, draw(st.lists(st.tuples(one, one), max_size=6)), draw(st.sets(one, max_size=3))


@given(corpora(), st.floats(0.01, 0.99), st.integers(0, 5))
@SETTINGS
def test_no_content_stands_on_two_sides_and_no_video_is_lost(
    corpus: tuple[dict[str, str], list[tuple[str, str]], set[str]], share: float, seed: int
) -> None:
    digests, pairs, tested = corpus
    groups = group(sorted(digests), digests, iter(pairs))
    split = split_videos(groups, digests, tested, share=share, seed=seed)
    where = split.side | {name: reason for name, (reason, _) in split.excluded.items()}
    assert sorted(where) == sorted(digests)
    assert len(split.side) + len(split.excluded) == len(digests)
    for one, other in [*pairs, *same_bytes(digests)]:
        if one in split.side or other in split.side:
            assert where[one] == where[other]
    assert {name for name, (reason, _) in split.excluded.items() if reason == BENCHMARK} == tested
    for name, (reason, resembled) in split.excluded.items():
        assert set(resembled) <= tested
        assert reason == BENCHMARK or (reason == NEAR_BENCHMARK and name not in tested)
    usable = [group for group in groups if not set(group) & tested]
    if len(usable) > 1:
        assert set(split.side.values()) == {"train", "validation"}


def same_bytes(digests: dict[str, str]) -> Iterator[tuple[str, str]]:
    first: dict[str, str] = {}
    for name, digest in digests.items():
        yield first.setdefault(digest, name), name


@given(st.integers(3, 30), st.integers(0, 3))
@SETTINGS
def test_another_video_and_other_names_move_nothing(count: int, seed: int) -> None:
    digests = {f"v{number:02d}": sha256_bytes(bytes([number])) for number in range(count)}
    more = {f"w{number:02d}": sha256_bytes(bytes([number])) for number in range(count + 1)}
    few = split_videos([[name] for name in digests], digests, set(), share=0.3, seed=seed).side
    many = split_videos([[name] for name in more], more, set(), share=0.3, seed=seed).side
    moved = [name for name in few if few[name] != many[name.replace("v", "w")]]
    # Only the rule of at least one video a side may move one.
    assert len(moved) <= 1


def test_the_share_is_kept_on_average() -> None:
    digests = {f"v{number}": sha256_bytes(str(number).encode()) for number in range(2000)}
    side = split_videos([[name] for name in digests], digests, set(), share=0.1, seed=0).side
    assert 160 <= list(side.values()).count(VALIDATION) <= 240  # 200 expected, three standard deviations


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, 2.0])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        split_videos([["a"]], {"a": "0"}, set(), share=share, seed=0)


def turn_rows(lengths: list[int]) -> pa.Table:
    """Samples s000, s001, ... of these lengths."""
    names = [f"s{number:03d}" for number, length in enumerate(lengths) for _ in range(length)]
    turns = [turn for length in lengths for turn in range(length)]
    columns = {
        "sample_id": names,
        "video_id": names,
        "video_duration_s": [9.0] * len(names),
        "task": ["t"] * len(names),
        "source": ["s"] * len(names),
        "turn": turns,
        "start_s": [float(turn) for turn in turns],
        "end_s": [turn + 1.0 for turn in turns],
        "question": [["q"] if turn == 0 else [] for turn in turns],
        "state": ["silence"] * len(names),
        "text": [None] * len(names),
    }
    return pa.table(columns, schema=plain(TURN_SCHEMA))


@given(st.lists(st.integers(1, 9), max_size=20), st.integers(1, 12), st.integers(1, 7))
@SETTINGS
def test_shards_end_on_sample_borders_and_lose_no_row(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], max_rows: int, part: int
) -> None:
    folder = tmp_path_factory.mktemp("shards")
    table, shards, done = turn_rows(lengths), Shards(folder, max_rows), 0
    for first in range(0, len(lengths), part):  # samples come in parts, as from a stream
        some = lengths[first : first + part]
        shards.add(table.slice(done, sum(some)), np.array(some, dtype=np.int64))
        done += sum(some)
    shards.close()
    files = sorted(folder.iterdir())
    tables = [pq.read_table(file).cast(plain(TURN_SCHEMA)) for file in files]
    assert [file.name for file in files] == [f"shard-{n:03d}.parquet" for n in range(max(1, len(files)))]
    assert pa.concat_tables(tables).to_pylist() == table.to_pylist()
    owners = [set(shard.column("sample_id").to_pylist()) for shard in tables]
    assert sum(map(len, owners)) == len(set().union(*owners))
    assert all(len(shard) <= max_rows or len(own) == 1 for shard, own in zip(tables, owners, strict=True))
    for shard, following in itertools.pairwise(tables):  # no shard is closed too early
        first = following.column("sample_id")[0].as_py()
        assert len(shard) + lengths[int(first[1:])] > max_rows


@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.integers(5, 30))
@SETTINGS
def test_whole_samples_survive_any_batch_border(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], batch: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "whole.parquet"
    table = turn_rows(lengths)
    pq.write_table(table.cast(TURN_SCHEMA), path, row_group_size=batch)
    parts = list(whole_samples(path, batch_rows=batch))
    assert [int(length) for _, found in parts for length in found] == lengths
    assert pa.concat_tables([part for part, _ in parts]).to_pylist() == table.to_pylist()
