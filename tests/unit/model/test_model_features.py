"""Tower features by content: computed once, bounded, the same bits however they came to be."""

import numpy as np
import pytest
import torch

from components.core.hashing import sha256_bytes
from components.model.families.registry import FAMILIES
from components.model.features import FeatureCache
from components.model.tiny import new_adapter
from tests.unit.model.conftest import TEXTS


class Pictures:
    """Videos of random pictures; counts what is asked for."""

    def __init__(self, **videos):
        self.videos, self.read = videos, []

    def frames(self, video_id, start, stop):
        self.read.append((video_id, start, stop))
        return list(self.videos[video_id][start:stop])

    def content(self, video_id):
        return sha256_bytes(self.videos[video_id].tobytes())


def video(seed, length=6):
    return np.random.default_rng(seed).integers(0, 256, (length, 56, 56, 3), dtype=np.uint8)


@pytest.fixture(scope="module", params=FAMILIES)
def any_adapter(request):
    return new_adapter(TEXTS, 0, family=request.param, states=True)


def test_equal_content_is_computed_once_and_changed_content_anew(any_adapter):
    source = Pictures(a=video(0), b=video(0), c=video(1))
    cache = FeatureCache(any_adapter, source)
    first = cache.get("a", 4)
    assert cache.get("b", 4) is first and source.read == [("a", 0, 4)]
    assert not torch.equal(cache.get("c", 4).rows[0], first.rows[0])
    source.videos["a"] = video(2)  # the file was replaced under the same name
    assert not torch.equal(cache.get("a", 4).rows[0], first.rows[0])
    assert len(first.rows) == len(first.grids) == 4 and len(first.rows[0]) == 4


def test_the_budget_bounds_what_is_kept_and_the_oldest_goes_first(any_adapter):
    source = Pictures(a=video(0), b=video(1), c=video(2))
    one = sum(rows.numel() * 4 for rows in FeatureCache(any_adapter, source).get("a", 6).rows)
    cache = FeatureCache(any_adapter, source, budget_mb=2.5 * one / 2**20)
    source.read.clear()
    for name in ("a", "b", "a", "c", "a", "b"):
        cache.get(name, 6)
        assert cache.used == one * len(cache.kept) <= cache.budget
    assert [name for name, *_ in source.read] == ["a", "b", "c", "b"]  # a was used last when b had to go


def test_without_a_budget_the_tower_runs_once_a_pack(any_adapter, monkeypatch):
    source, calls = Pictures(a=video(0), b=video(1)), []
    inner = any_adapter.features

    def counted(pixels, grids):
        calls.append(len(grids))
        return inner(pixels, grids)

    wanted = [("a", 2, 5), ("b", 0, 6), ("a", 0, 1)]
    kept = FeatureCache(any_adapter, source).get_all(wanted)
    monkeypatch.setattr(any_adapter, "features", counted)
    cache = FeatureCache(any_adapter, source, budget_mb=0)
    for fresh, old in zip(cache.get_all(wanted), kept, strict=True):
        assert fresh.grids == old.grids
        torch.testing.assert_close(torch.cat(fresh.rows), torch.cat(old.rows), atol=1e-5, rtol=0)
    assert calls == [10] and not cache.kept and cache.used == 0
    assert not any(rows.requires_grad for seen in kept for rows in seen.rows)


def test_what_was_kept_before_leaves_no_trace(any_adapter):
    """A resumed run begins with an empty cache and must see the bits an uninterrupted one sees."""
    warm, cold = (FeatureCache(any_adapter, Pictures(a=video(0, 12))) for _ in range(2))
    warm.get("a", 8)
    one, other = warm.get("a", 12, 4), cold.get("a", 12, 4)
    assert all(torch.equal(left, right) for left, right in zip(one.rows, other.rows, strict=True))
