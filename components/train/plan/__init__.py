"""What a training would need and cost, computed before anything runs: `plan.train_plan`.

Parameters are counted on the meta device, memory and FLOPs follow from the architecture; nothing is fitted to
a measurement (the activation formula is compared with the tiny model's measured peak in the tests).
"""
