"""Cards a plan may name: memory, speed, and what an hour costs.

Memory is what the driver reports (nvidia-smi), in GiB. `peak` is dense bf16 from the vendor's datasheet.
`reachable` is what a large matrix product on random data really runs at under the card's power limit: the
H100 and H200 figures were measured (8192^3, bf16; 2026-11), for the others it is 80 % of the datasheet, the
share those two reach. MFU is a share of `reachable`.
`link` is a PCIe slot's practical rate one way. Prices are on-demand list prices a card-hour of GPU clouds,
2026-11, rounded; they differ twofold between sellers: give your own with --price.
"""

from dataclasses import dataclass

from components.core.errors import UsageError


@dataclass(frozen=True)
class Gpu:
    """One card: memory in GiB, TFLOP/s, GB/s of its memory and of its link to the host, dollars an hour."""

    name: str
    memory_gib: float
    peak: float
    reachable: float
    bandwidth: float
    link: float
    price: float


_ALL = (
    # H200 SXM datasheet: 141 GB, 989 TFLOP/s dense bf16, 4.8 TB/s
    Gpu("h200", 139.8, 989.0, 790.0, 4800.0, 50.0, 3.80),
    # H100 SXM datasheet: 80 GB, 989 TFLOP/s, 3.35 TB/s
    Gpu("h100", 79.6, 989.0, 790.0, 3350.0, 50.0, 2.50),
    # A100 SXM datasheet: 80 or 40 GB, 312 TFLOP/s, 2.04 or 1.56 TB/s
    Gpu("a100-80", 79.3, 312.0, 250.0, 2039.0, 25.0, 1.60),
    Gpu("a100-40", 39.4, 312.0, 250.0, 1555.0, 25.0, 1.20),
    # B200 datasheet (HGX): 180 GB, 2250 TFLOP/s, 7.7 TB/s
    Gpu("b200", 178.0, 2250.0, 1800.0, 7700.0, 50.0, 5.50),
    # L40S datasheet: 48 GB, 362 TFLOP/s, 0.86 TB/s
    Gpu("l40s", 44.5, 362.0, 290.0, 864.0, 25.0, 1.00),
    # RTX 4090 datasheet: 24 GB, 165 TFLOP/s with fp32 accumulation, 1.0 TB/s
    Gpu("rtx4090", 23.9, 165.0, 132.0, 1008.0, 25.0, 0.40),
)
GPUS: dict[str, Gpu] = {gpu.name: gpu for gpu in _ALL}


def find_gpu(name: str) -> Gpu:
    """The card of a name; UsageError names those that are known."""
    if name not in GPUS:
        raise UsageError(f"--gpu {name}: expected one of {', '.join(GPUS)}")
    return GPUS[name]
