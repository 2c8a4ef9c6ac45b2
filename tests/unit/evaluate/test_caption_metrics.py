import argparse
import json
import math

import pytest

from components.core.errors import DataError
from components.evaluate.captions.events import Event, caption_score, fair_caption_score, one_to_one, soda_c
from components.evaluate.captions.score import load, points, score
from components.evaluate.captions.similarity import CiderD, bleu, meteor
from components.evaluate.captions.words import rouge_l, tokens


def test_tokens_are_lower_case_words():
    assert tokens("Don't stop -- the CAT, 2 times!") == ["don't", "stop", "the", "cat", "2", "times"]


def test_rouge_l_is_f1_of_the_longest_common_subsequence():
    assert rouge_l("police killed the gunman", "police kill the gunman") == pytest.approx(3 / 4)
    assert rouge_l("the cat sat", "the cat is sat down") == pytest.approx(2 * 3 / 8)
    assert rouge_l("a b", "c d") == rouge_l("", "a") == rouge_l("...", "...") == 0


def test_meteor_matches_words_and_stems_and_no_synonyms():
    assert meteor("the man cuts bread", "the man cuts bread") == pytest.approx(1 - 0.5 * (1 / 4) ** 3)
    assert meteor("cutting breads", "cuts bread") == pytest.approx(1 - 0.5 * (1 / 2) ** 3)
    assert meteor("slices loaf", "cuts bread") == 0
    # One of two words, one chunk: mean 10PR / (R + 9P) = 0.5, penalty 0.5.
    assert meteor("man eats", "man runs") == pytest.approx(0.25)
    assert meteor("", "bread") == meteor("!", "bread") == 0


def test_bleu_of_equal_and_of_foreign_captions():
    assert bleu("a man cuts the bread", "a man cuts the bread") == pytest.approx(1)
    assert bleu("a dog runs off", "the cat sat there") == 0
    assert 0 < bleu("a man cuts the loaf", "a man cuts the bread") < 1


def test_cider_gives_ten_to_the_same_rare_words_and_nothing_to_words_that_all_share():
    likeness = CiderD(["a red cat jumps high", "a blue dog runs away", "a green bird flies off"])
    assert likeness("a red cat jumps high", "a red cat jumps high") == pytest.approx(10)
    assert likeness("a", "a") == 0  # in every caption: it weighs nothing
    assert likeness("a blue dog", "a red cat jumps high") == 0
    apart = likeness("red cat", "a red cat jumps high")
    assert 0 < apart < 10 * math.exp(-(3**2) / 72)


def event(start, end, text="cut the bread"):
    return Event((float(start), float(end)), text)


def test_soda_takes_the_best_assignment_in_order():
    truths = [event(0, 10, "cut the bread"), event(10, 20, "eat the soup")]
    same = meteor("cut the bread", "cut the bread")
    assert soda_c(truths, truths) == pytest.approx(same)
    # One of two events told: precision full, recall half.
    assert soda_c(truths[:1], truths) == pytest.approx(2 * same * (same / 2) / (same + same / 2))
    # Crossed captions earn only what does not cross.
    crossed = [event(0, 10, "eat the soup"), event(10, 20, "cut the bread")]
    assert soda_c(crossed, truths) < 0.5 * same
    assert soda_c([], truths) == 0


def test_saying_an_event_five_times_costs_in_the_strict_figures_only():
    truths = [event(0, 10), event(20, 30, "eat")]
    often = [event(0, 10)] * 5
    assert caption_score(often, truths, 0.5, rouge_l) == 1
    assert fair_caption_score(often, truths, 0.5, rouge_l) == pytest.approx(2 / 7)
    assert one_to_one(often, truths, 0.5) == pytest.approx(2 / 7)


def write(path, value):
    path.write_text(json.dumps(value))
    return path


def loaded(tmp_path, answers):
    videos = {
        "v_1": {"duration": 20, "timestamps": [[0, 10], [10, 20]], "sentences": ["cut the bread", "eat it"]},
        "v_2": {"duration": 30, "timestamps": [[0, 30]], "sentences": ["stir the soup"]},
    }
    annotations = argparse.Namespace(annotations=write(tmp_path / "gt.json", videos))
    return load(annotations, write(tmp_path / "pred.json", answers))


def test_perfect_captions_score_full_by_both_rules(tmp_path):
    said = {
        "v_1": [
            {"timestamp": [0, 10], "caption": "cut the bread"},
            {"timestamp": [10, 20], "caption": "eat it"},
        ],
        "v_2": [{"timestamp": [30, 0], "sentence": "stir the soup"}],
    }
    scored = score(loaded(tmp_path, {"results": said}), 0)
    for rule in (scored, scored["strict"]):
        assert rule["tasks"]["event_F1"]["accuracy"] == rule["tasks"]["ROUGE_L"]["accuracy"] == 100.0
        assert rule["cider_d"] == 687.5  # captions of two and three words have no longer n-grams
    assert scored["counted"] == {"span_turned_round": 1, "videos": 2}
    assert scored["floors"]["always_silent"]["total"] == 0.0
    assert 0 < scored["floors"]["usual_caption"]["tasks"]["event_F1"]["accuracy"] < 100


def test_a_video_without_answer_is_worth_nothing(tmp_path):
    found = loaded(tmp_path, {"v_2": [{"timestamp": [0, 30], "caption": "stir the soup"}]})
    scored = score(found, 0)
    assert scored["tasks"]["event_F1"]["accuracy"] == 50.0
    assert scored["counted"]["video_without_answer"] == 1
    assert len(points(found)["strict"]) == len(points(found)["official"])


@pytest.mark.parametrize(
    "rows",
    [
        None,
        "text",
        [None],
        [{"timestamp": "0-5", "caption": "x"}],
        [{"caption": "x"}],
        [{"timestamp": [0, 5]}],
        [[]],
    ],
)
def test_no_answer_crashes_and_it_is_counted(tmp_path, rows):
    scored = score(loaded(tmp_path, {"v_1": rows, "v_2": []}), 0)
    assert scored["tasks"]["event_F1"]["accuracy"] == 0.0
    assert sum(scored["counted"].values()) > 2


def test_annotations_without_as_many_sentences_as_spans_are_refused(tmp_path):
    rows = {"v_1": {"duration": 9, "timestamps": [[0, 1], [2, 3]], "sentences": ["one"]}}
    with pytest.raises(DataError, match="v_1"):
        load(
            argparse.Namespace(annotations=write(tmp_path / "gt.json", rows)), write(tmp_path / "p.json", {})
        )
