"""Random models and videos for tests of streaming."""

import numpy as np
import torch


def noise_video(seconds, seed=0):
    """`seconds` images (56, 56, 3): one random colour a second under a little noise."""
    generator = np.random.default_rng(seed)
    colours = generator.integers(0, 255, (seconds, 1, 1, 3))
    return list(np.clip(colours + generator.integers(-20, 20, (seconds, 56, 56, 3)), 0, 255).astype(np.uint8))


@torch.no_grad()
def unsettle(adapter, video):
    """Make a random model change its mind: frames weigh more, states see only what differs between turns."""
    from components.infer.session import StreamSession

    # Grey in a new model: colours would all look alike.
    filters = adapter.model.model.visual.patch_embed.proj.weight
    filters.normal_(std=0.06, generator=torch.Generator().manual_seed(0))
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
