"""The files of infra/ say what the processes need, open no door, hold no secret."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
COMPOSE = yaml.safe_load((INFRA / "compose.yaml").read_text())
# stage-job.yaml is a template of Prefect's, no object: test_machine_templates.py.
MANIFESTS = sorted(p for p in (INFRA / "kubernetes").glob("*.yaml") if p.name != "stage-job.yaml")
VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)")
SECRET = re.compile(r"(KEY|PASSWORD|AUTH_STRING|TOKEN)$")


def environment() -> dict[str, str]:
    """Names and values of env.example."""
    lines = (INFRA / "env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every Kubernetes object with the name of its file."""
    for path in MANIFESTS:
        for document in yaml.safe_load_all(path.read_text()):
            yield path.name, document


def pods() -> list[tuple[str, dict[str, Any]]]:
    """Pod specs of the workloads."""
    found = []
    for name, document in documents():
        spec = document.get("spec", {})
        if "template" in spec and "spec" in spec["template"]:
            found.append(
                (f"{name}:{document['metadata'].get('name', document['kind'])}", spec["template"]["spec"])
            )
    return found


def test_compose_publishes_on_loopback_only() -> None:
    ports = {name: service.get("ports", []) for name, service in COMPOSE["services"].items()}
    assert {name for name, published in ports.items() if published} == {"prefect", "s3", "teacher"}
    for name, published in ports.items():
        assert all(str(port).startswith("127.0.0.1:") for port in published), (name, published)
    assert all(service.get("network_mode") is None for service in COMPOSE["services"].values())


def test_every_variable_is_explained_and_every_secret_is_required() -> None:
    known, text = environment(), (INFRA / "compose.yaml").read_text()
    assert set(VARIABLE.findall(text)) <= set(known)
    secrets = {name for name in known if SECRET.search(name)}
    assert secrets >= {"PREFECT_SERVER_API_AUTH_STRING", "POSTGRES_PASSWORD", "AWS_SECRET_ACCESS_KEY"}
    assert {name: known[name] for name in secrets if known[name]} == {}, "a secret has a value"
    for service, variable in (("prefect", "PREFECT_SERVER_API_AUTH_STRING"), ("teacher", "VLLM_API_KEY")):
        assert ":?" in COMPOSE["services"][service]["environment"][variable], variable


def test_the_image_holds_what_the_flows_call() -> None:
    text = (INFRA / "Dockerfile").read_text()
    for word in ("util-linux", "git", "constraints.txt", "USER 1000"):
        assert word in text
    for source in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE):
        for name in source.split():
            assert (ROOT / name).exists(), name


def test_images_are_pinned() -> None:
    images = [service["image"] for service in COMPOSE["services"].values()]
    images += [c["image"] for _, pod in pods() for c in [*pod.get("initContainers", []), *pod["containers"]]]
    assert len(images) > 6
    for image in images:
        assert re.fullmatch(r"[a-z0-9/._-]+:v?[0-9][\w.-]*", image), image


@pytest.mark.parametrize(("name", "pod"), pods(), ids=[name for name, _ in pods()])
def test_pods_run_without_root_and_within_limits(name: str, pod: dict[str, Any]) -> None:
    assert pod["securityContext"]["runAsNonRoot"] is True
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        assert container["resources"]["limits"]["memory"], container["name"]
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        for variable in container.get("env", []):
            if SECRET.search(variable["name"]):
                assert "secretKeyRef" in variable["valueFrom"], variable["name"]


def test_no_service_is_open_to_the_outside() -> None:
    services = [document for _, document in documents() if document["kind"] == "Service"]
    assert {service["spec"]["type"] for service in services} == {"ClusterIP"}
    closed = [d for _, d in documents() if d["kind"] == "NetworkPolicy" and d["metadata"]["name"] == "closed"]
    assert closed[0]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}


def test_every_file_is_explained_on_the_page() -> None:
    page = (INFRA / "README.md").read_text()
    for path in sorted(INFRA.iterdir()):
        if path.name not in {"README.md", ".env"}:
            assert f"`{path.name}" in page, path.name
    json.loads((INFRA / "s3-policy.json").read_text())
