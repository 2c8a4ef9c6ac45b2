"""A plan as lines for people and as one JSON object."""

from typing import Any

from components.train.plan.load import Load
from components.train.plan.memory import Memory
from components.train.plan.plan import Plan
from components.train.plan.shapes import COMPONENTS
from components.train.plan.states import ALWAYS, BACKWARD, HOST, TOWER, UPDATE

PHASES = {
    ALWAYS: "always",
    TOWER: "vision tower, no_grad",
    BACKWARD: "backward pass of a pack",
    UPDATE: "AdamW's update",
    HOST: "host memory for each card",
}


def plan_lines(plan: Plan) -> list[str]:
    """The whole plan, a blank line between its parts."""
    parts = (_head(plan), _parameters(plan), _memory(plan), _work(plan), _verdict(plan))
    return [line for lines in parts for line in (*lines, "")][:-1]


def plan_object(plan: Plan) -> dict[str, Any]:
    """The same figures: bytes, tokens, FLOPs, hours, US dollars."""
    recipe, sample, pack = plan.settings.recipe, plan.sample, plan.pack
    remedy = plan.remedy
    return {
        "fits": plan.fits,
        "gpu": plan.gpu.name,
        "gpus": plan.settings.gpus,
        "knobs": {
            "zero_stage": recipe.zero_stage, "offload": recipe.offload, "dtype": recipe.dtype,
            "grad_dtype": recipe.grad_dtype, "gradient_checkpointing": recipe.gradient_checkpointing,
            "token_budget": plan.settings.budget, "batch": recipe.batch,
        },
        "parameters": {
            name: {"trained": plan.shapes.trained.get(name, 0), "frozen": plan.shapes.frozen.get(name, 0)}
            for name in COMPONENTS
        },
        "memory": _memory_object(plan.memory, plan.limit),
        "logits_bytes": _logits(plan, pack),
        "tokens": {
            "sample": round(sample.tokens), "step": round(sample.tokens * recipe.batch),
            "epoch": round(sample.tokens * plan.samples),
        },
        "samples": plan.samples,
        "steps": plan.steps,
        "flops": {"sample": _flops(plan, sample), "pack": _flops(plan, pack)},
        "mfu": plan.mfu,
        "tokens_per_second_per_card": {"sample": round(plan.speed(sample)), "pack": round(plan.speed(pack))},
        "hours": round(plan.hours, 2),
        "price_per_card_hour": plan.price,
        "cost": round(plan.cost, 2),
        "remedy": remedy
        and {"changes": list(remedy.changes), "memory": _memory_object(remedy.memory, plan.limit)},
    }  # fmt: skip


def _head(plan: Plan) -> list[str]:
    recipe, gpu = plan.settings.recipe, plan.gpu
    knobs = [
        f"ZeRO {recipe.zero_stage}", recipe.dtype, f"gradients {recipe.grad_dtype}",
        "optimizer in host memory" if recipe.offload else "optimizer on the card",
        "gradient checkpointing" if recipe.gradient_checkpointing else "all activations kept",
        f"packs of {plan.settings.budget:,} tokens",
    ]  # fmt: skip
    card = f"{gpu.name} ({gpu.memory_gib} GiB, {gpu.reachable:.0f} TFLOP/s bf16 reachable)"
    return [f"training plan: {plan.shapes.family} on {plan.settings.gpus} x {card}", "; ".join(knobs)]


def _parameters(plan: Plan) -> list[str]:
    shapes = plan.shapes
    rows = [(name, shapes.trained.get(name, 0), shapes.frozen.get(name, 0)) for name in COMPONENTS]
    rows.append(("all", shapes.all_trained, shapes.all_frozen))
    lines = [f"  {name:46}{trained:>16,}{frozen:>16,}" for name, trained, frozen in rows]
    return [f"{'parameters':48}{'trained':>16}{'frozen':>16}", *lines]


def _memory(plan: Plan) -> list[str]:
    memory, lines = plan.memory, [f"{'memory of one card':48}{'GB':>16}"]
    for phase, words in PHASES.items():
        parts = [part for part in memory.parts if part.phase == phase]
        if parts:
            lines.append(f"  {words:46}{_gb(memory.of(phase))}")
            lines += [f"    {part.name:44}{_gb(part.bytes)}" for part in parts]
    lines.append(f"  {'reserve: CUDA context, NCCL, fragments':46}{_gb(memory.reserve)}")
    lines.append(f"  {'needed: always + the largest phase + reserve':46}{_gb(memory.total)}")
    lines.append(f"  {'the card has':46}{_gb(plan.limit)}")
    logits = _logits(plan, plan.pack)
    words = "not held: logits of a pack, all rows; supervised"
    return [*lines, f"  {words:46}{_gb(logits['all'])[2:]}{_gb(logits['supervised'])}"]


def _work(plan: Plan) -> list[str]:
    sample, batch = plan.sample, plan.settings.recipe.batch
    flops = plan.flops(sample)
    parts = {"LLM": flops.llm, "attention": flops.attention, "head": flops.head, "vision": flops.vision}
    shares = ", ".join(f"{name} {part / flops.useful:.0%}" for name, part in parts.items())
    again = f"; recomputed besides: {flops.recomputed / 1e12:.3g}" if flops.recomputed else ""
    offload = f", {plan.offload_hours:.1f} h of them AdamW on the host" if plan.offload_hours else ""
    filled = f"one sample that fills a pack: {plan.speed(plan.pack):,.0f}"
    epoch = f"{plan.samples:,} samples, {plan.steps:,} steps, {sample.tokens * plan.samples:,.0f} tokens"
    return [
        f"tokens: {sample.tokens:,.0f} a sample, {sample.tokens * batch:,.0f} a step of {batch} samples",
        f"epoch: {epoch}",
        f"work: {flops.useful / 1e12:.3g} TFLOP a sample ({shares}){again}",
        f"at {plan.mfu:.0%} MFU: {plan.speed(sample):,.0f} tokens/s a card ({filled})",
        f"time: {_hours(plan.hours)}{offload}; cost: {plan.cost:,.2f} USD at {plan.price:.2f} a card-hour",
    ]


def _verdict(plan: Plan) -> list[str]:
    if plan.fits:
        return [f"fits: {(plan.limit - plan.memory.total) / 1e9:.1f} GB of each card stay free"]
    lines = [f"does not fit: {(plan.memory.total - plan.limit) / 1e9:.1f} GB too much for one card"]
    remedy = plan.remedy
    if remedy is None:
        return [*lines, "nothing that can be set makes it fit: a card with more memory, or a smaller base"]
    host = f", {remedy.memory.host / 1e9:.0f} GB of host memory a card" if remedy.memory.host else ""
    need = f"{remedy.memory.total / 1e9:.1f} of {plan.limit / 1e9:.1f} GB a card{host}"
    return [*lines, f"would fit with {', '.join(remedy.changes)}: {need}"]


def _logits(plan: Plan, pack: Load) -> dict[str, float]:
    """fp32 bytes of the logits of a pack: of all its rows, and of those that are supervised."""
    row = 4 * plan.shapes.text.vocab
    return {"all": row * pack.tokens, "supervised": row * pack.supervised}


def _memory_object(memory: Memory, limit: float) -> dict[str, Any]:
    return {
        "parts": [
            {"name": part.name, "phase": part.phase, "bytes": round(part.bytes)} for part in memory.parts
        ],
        "states": round(memory.states),
        "tensors": round(memory.tensors),
        "reserve": round(memory.reserve),
        "needed": round(memory.total),
        "card": round(limit),
        "host": round(memory.host),
    }


def _flops(plan: Plan, load: Load) -> dict[str, float]:
    flops = plan.flops(load)
    return {"useful": flops.useful, "recomputed": flops.recomputed}


def _gb(size: float) -> str:
    return f"{size / 1e9:>16.2f}" if size >= 1e7 else f"{size / 1e9:>16.4f}"


def _hours(hours: float) -> str:
    return f"{hours:,.1f} h" if hours >= 1 else f"{hours * 60:.1f} min"
