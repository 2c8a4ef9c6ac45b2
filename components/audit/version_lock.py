"""The walk through dvc.lock of a version's commit: every object re-hashed, every input made by somebody."""

from typing import Any

from components.audit.findings import Finding
from components.audit.locked import Locked, Product
from components.audit.objects import Objects
from components.audit.pins import dep_pins
from components.core.errors import DataError
from components.core.params import allowed, declared_keys, load_all
from components.lineage.graph import Graph
from components.lineage.identity import is_code


def object_findings(locked: Locked) -> list[Finding]:
    """Every object of every product: missing everywhere, or with other bytes somewhere."""
    products = locked.products.values()
    locked.objects.check_all(
        md5 for product in products for md5 in [product.pin.md5, *(product.files or {}).values()]
    )
    return [found for product in products for found in of_product(product, locked.objects)]


def of_product(product: Product, objects: Objects) -> list[Finding]:
    """The findings of one product, by file where its listing is known."""
    pin = product.pin
    named = {pin.path: pin.md5}
    if product.files is not None:
        named |= {f"{pin.path}/{name}": md5 for name, md5 in product.files.items() if name}
    return [found for path, md5 in named.items() for found in of_object(path, md5, pin.path, objects)]


def of_object(path: str, md5: str, product: str, objects: Objects) -> list[Finding]:
    """What the places say of one object."""
    held = objects.check(md5)
    if held.bad:
        whole = f"; {held.good[0]} has the right ones" if held.good else "; no place has the right ones"
        detail = f"object {md5} in {' and '.join(held.bad)} has other bytes than its name says{whole}"
        return [Finding(path, "changed", detail, product)]
    if held.sha256 is None:
        looked = ", ".join(place.name for place in objects.places)
        return [Finding(path, "missing", f"object {md5} is in none of: {looked}", product)]
    return []


def chain_findings(graph: Graph, lock: dict[str, Any], locked: Locked) -> list[Finding]:
    """The chain is closed: every input is what a stage of the same lock made or the commit holds."""
    findings, now = [], dict[str, str | None]()
    for pin in dep_pins(graph, lock):
        if pin.path not in now:
            try:
                now[pin.path] = locked.md5(pin.path)
            except DataError as error:
                now[pin.path] = f"nothing ({error})"
        made = now[pin.path]
        if made is not None and made != pin.md5:
            kind = "stale_code" if is_code(pin.path) else "chain"
            detail = f"{pin.stage} read {pin.md5}, in the same commit it is {made}"
            findings.append(Finding(pin.path, kind, detail))
    return findings


def param_findings(graph: Graph, lock: dict[str, Any], locked: Locked) -> list[Finding]:
    """The parameters that dvc.lock records are those of the commit's params.yaml."""
    values, findings, known = load_all(locked.root), [], dict[str, list[str]]()
    for node in graph:
        recorded = lock.get(node.address, {}).get("params", {}).get("params.yaml", {})
        if recorded and node.name not in known:
            known[node.name] = declared_keys(node.name, locked.root)
        for key, value in sorted(recorded.items()):
            if lookup(values, key) != value or not allowed(key, known[node.name]):
                detail = f"{node.address} ran with {value!r}, params.yaml has {lookup(values, key)!r}"
                findings.append(Finding(f"params.yaml: {key}", "stale_params", detail))
    return findings


def lookup(values: Any, key: str) -> Any:
    """The value of a dotted key, None where there is none."""
    for part in key.split("."):
        values = values.get(part) if isinstance(values, dict) else None
    return values
