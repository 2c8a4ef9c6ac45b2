import numpy as np
import pytest
import torch

TEXTS = [
    "what color is the lamp?",
    "how many times did the ball jump?",
    "tell me when the red cube falls",
    "the lamp is red",
    "the ball jumped 3 times from 4s to 9s",
    "Watch the video second by second and answer each question as soon as you can.",
]


def noise_video(seconds, seed=0):
    """`seconds` images (56, 56, 3): one random colour a second under a little noise."""
    generator = np.random.default_rng(seed)
    colours = generator.integers(0, 255, (seconds, 1, 1, 3))
    return list(np.clip(colours + generator.integers(-20, 20, (seconds, 56, 56, 3)), 0, 255).astype(np.uint8))


@torch.no_grad()
def unsettle(adapter, video):
    """Make a random model change its mind: frames weigh more, states see only what differs between turns."""
    from components.infer.session import StreamSession

    adapter.model.model.visual.merger.mlp[2].weight.mul_(20)
    session, hidden = StreamSession(adapter, max_new_tokens=2), []
    hook = adapter.model.lm_head.register_forward_pre_hook(lambda _, args: hidden.append(args[0][0, -1]))
    for frame in video:
        session.push([frame])
    hook.remove()
    states_TD = torch.stack(hidden)
    _, _, directions_KD = torch.linalg.svd(states_TD - states_TD.mean(0), full_matrices=False)
    mean_D = states_TD.mean(0) / states_TD.mean(0).norm()
    first, second = (row - (row @ mean_D) * mean_D for row in directions_KD[:2])
    rows_3D = torch.stack([first, second, -first - second])
    adapter.model.get_input_embeddings().weight[list(adapter.state_ids)] = rows_3D


@pytest.fixture(scope="session")
def tiny_dir(tmp_path_factory):
    """A model folder with random weights whose streams show all three states."""
    from components.model.adapter import load
    from components.model.tiny import build_tiny

    folder = build_tiny(tmp_path_factory.mktemp("tiny"), TEXTS, seed=1)
    adapter = load(folder)
    unsettle(adapter, noise_video(24, seed=2))
    adapter.save(folder)
    return folder


@pytest.fixture(scope="session")
def adapter(tiny_dir):
    from components.model.adapter import load

    return load(tiny_dir)


@pytest.fixture(scope="session")
def video():
    return noise_video(16)
