"""A copy of a gated stream: what is asked of one is not seen by the other."""

from components.infer.gated import Polling
from components.infer.gated_streams import GatedSession
from tests.support.streams import noise_video


def test_a_clone_goes_its_own_way(adapter):
    session = GatedSession(Polling(adapter, 1), adapter, max_new_tokens=2)
    video = noise_video(4)
    for frame in video[:2]:
        session.push([frame])
    other = session.clone()
    other.ask("which letter?")
    asked, plain = other.push([video[2]]), session.push([video[2]])
    assert asked.questions == ("which letter?",) and asked.forwards > 0
    assert plain.questions == () and plain.forwards == 0
    other.push([video[3]])
    assert (session.turn, other.turn) == (3, 4)
    assert len(session.shown) == 3 and len(other.shown) == 4
    late = session.clone()
    session.ask("which letter?")
    assert late.waiting() == [] and len(session.waiting()) == 1
