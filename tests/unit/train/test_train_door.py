"""Training's door: a model whose three states are not three tokens is never trained, whatever the reason."""

import pytest

from components.core.errors import DataError
from components.core.files import read_json, write_json
from components.model.adapter import load
from components.model.states import add_states
from components.model.tiny import build_tiny
from components.train.module import LossOptions, StreamLoss
from components.train.run import train

FOCAL = LossOptions("focal", 2.0)


@pytest.fixture
def attempt(products, recipe, tmp_path):
    """Run the training of a base with states that `change(folder)` spoiled; it must publish nothing."""

    def start(change):
        folder = build_tiny(tmp_path / "base", ["how many jumps"], 0)
        change(folder)
        out = tmp_path / "out"
        out.mkdir()
        with pytest.raises(DataError) as caught:
            train(
                out,
                base=folder,
                dataset=products.dataset,
                media=products.media,
                recipe=recipe,
                method="focal",
                seed=0,
            )
        assert not list(out.rglob("*.safetensors"))
        return str(caught.value)

    return start


def respell(folder, name, **changes):
    """Change the entry of one added token in the tokenizer's files."""
    data = read_json(folder / "tokenizer.json")
    (entry,) = (entry for entry in data["added_tokens"] if entry["content"] == name)
    entry.update(changes)
    write_json(folder / "tokenizer.json", data)


def rewrite(folder, name, other):
    """Take an added token away; its text becomes another before the tokenizer looks at it."""
    data = read_json(folder / "tokenizer.json")
    data["added_tokens"] = [entry for entry in data["added_tokens"] if entry["content"] != name]
    data["normalizer"] = {"type": "Replace", "pattern": {"String": name}, "content": other}
    write_json(folder / "tokenizer.json", data)


def test_states_of_several_pieces_are_refused(base):
    """A base before `add_states`."""
    with pytest.raises(DataError, match=r"'</Silence>': \d\d, .*expected one each"):
        StreamLoss(load(base), FOCAL)


def test_one_state_of_several_pieces_is_refused(attempt):
    said = attempt(lambda folder: rewrite(folder, "</Standby>", "stand by"))
    assert "has </Silence>, </Response>, expected all three states or none" in said


def test_a_state_any_text_could_spell_is_refused(attempt):
    said = attempt(lambda folder: respell(folder, "</Standby>", special=False))
    assert "'</Standby>' is an ordinary token" in said


def test_two_states_in_one_token_are_refused(attempt):
    def change(folder):
        respell(folder, "</Silence>", normalized=True)
        rewrite(folder, "</Standby>", "</Silence>")

    assert "'</Standby>' becomes the special token '</Silence>'" in attempt(change)


def test_states_beyond_the_vocabulary_are_refused(attempt):
    def change(folder):
        adapter = load(folder)
        adapter.model.resize_token_embeddings(adapter.state_ids[0], mean_resizing=False)
        adapter.save(folder)

    said = attempt(change)
    assert "three different ids below" in said and "add_states" in said


def test_three_ids_that_are_not_different_are_refused(base):
    """The last check before the engine starts, whatever a tokenizer says."""
    adapter = load(base)
    add_states(adapter.model, adapter.tokenizer, 0)

    class Twice(type(adapter)):
        state_ids = (adapter.state_ids[0], adapter.state_ids[1], adapter.state_ids[1])

    twice = Twice(adapter.model, adapter.tokenizer, adapter.image_processor)
    with pytest.raises(DataError, match="three different ids"):
        StreamLoss(twice, FOCAL)
