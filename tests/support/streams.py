"""Random models and videos for tests of streaming."""

import numpy as np
import torch

from components.protocol.states import STATES


def noise_video(seconds, seed=0):
    """`seconds` images (56, 56, 3): one random colour a second under a little noise."""
    generator = np.random.default_rng(seed)
    colours = generator.integers(0, 255, (seconds, 1, 1, 3))
    return list(np.clip(colours + generator.integers(-20, 20, (seconds, 56, 56, 3)), 0, 255).astype(np.uint8))


@torch.no_grad()
def unsettle(adapter, video):
    """Make a random model change its mind: frames weigh more, states see only what differs between turns.

    What it says is fed back and changes what it sees, so directions are tried until all states are said.
    """
    from components.infer.session import StreamSession

    # Grey in a new model: colours would all look alike.
    filters = adapter.family.patch_filters(adapter.model)
    filters.normal_(std=0.06, generator=torch.Generator().manual_seed(0))
    last_of_connector(adapter).weight.mul_(20)
    session, hidden = StreamSession(adapter, max_new_tokens=2), []
    hook = adapter.model.lm_head.register_forward_pre_hook(lambda _, args: hidden.append(args[0][0, -1]))
    for frame in video:
        session.push([frame])
    hook.remove()
    states_TD = torch.stack(hidden)
    _, _, directions_KD = torch.linalg.svd(states_TD - states_TD.mean(0), full_matrices=False)
    mean_D = states_TD.mean(0) / states_TD.mean(0).norm()
    directions_KD = directions_KD[:6] - (directions_KD[:6] @ mean_D)[:, None] * mean_D
    generator = torch.Generator().manual_seed(0)
    first, second = directions_KD[:2]
    for _ in range(40):
        rows_3D = torch.stack([first, second, -first - second])
        adapter.model.get_input_embeddings().weight[list(adapter.state_ids)] = rows_3D
        session = StreamSession(adapter, max_new_tokens=2)
        said = [session.push([frame]).state for frame in noise_video(16)]
        if min(said.count(state) for state in STATES) > 1:
            return
        first, second = torch.randn(2, len(directions_KD), generator=generator) @ directions_KD
    raise AssertionError(f"{adapter.family.name}: no directions show all three states")


def last_of_connector(adapter):
    """The linear layer whose output is put among the token embeddings."""
    inner, family = adapter.model.model, adapter.family.name
    if family == "internvl":
        return inner.multi_modal_projector.linear_2
    return inner.visual.merger.mlp[2] if family == "qwen2_5_vl" else inner.visual.merger.linear_fc2
