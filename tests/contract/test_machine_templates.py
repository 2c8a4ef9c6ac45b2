"""The templates for machines that cannot run here: what can be checked without Kubernetes and Slurm."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from prefect.utilities.templating import apply_values, find_placeholders

from flows.worker import CHECKOUT

INFRA = Path(__file__).resolve().parents[2] / "infra"
SBATCH = INFRA / "slurm/run-stage.sbatch"


JOB = INFRA / "kubernetes/stage-job.yaml"
POOLS = {"gpu": (1, "64Gi"), "labels": (0, "16Gi")}  # pool -> GPUs and memory of one job


def template(pool: str = "gpu") -> dict[str, Any]:
    """The template as the shell lines in its own head make it for a pool."""
    gpus, memory = POOLS[pool]
    head = JOB.read_text().partition("variables:")[0]
    assert f"pool={pool} gpus={gpus} memory={memory}" in head
    lines = "\n".join(line.removeprefix("#") for line in head.splitlines())
    command = lines[lines.index("python -c") : lines.index("< infra")]
    given = f"{command} < {JOB}".replace("$gpus", str(gpus)).replace("$memory", memory)
    given = given.replace("python -c", f"{sys.executable} -c", 1)
    done = subprocess.run(["bash", "-c", given], check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def manifest(pool: str = "gpu") -> dict[str, Any]:
    """The Job that Prefect would create, with every variable at its default."""
    made = template(pool)
    values = {name: spec["default"] for name, spec in made["variables"]["properties"].items()}
    filled: dict[str, Any] = apply_values(made["job_configuration"], values)
    return dict(filled["job_manifest"])


def test_every_placeholder_is_a_variable_and_the_defaults_fit_their_schema() -> None:
    variables = template()["variables"]
    names = {placeholder.name for placeholder in find_placeholders(template()["job_configuration"])}
    assert names == set(variables["properties"])
    defaults = {name: spec["default"] for name, spec in variables["properties"].items()}
    jsonschema.Draft202012Validator.check_schema(variables)
    jsonschema.validate(defaults, variables)


def test_the_job_has_what_prefects_kubernetes_worker_asks_for() -> None:
    job = manifest()
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job")
    assert "labels" in job["metadata"]
    pod = job["spec"]["template"]["spec"]
    assert (pod["parallelism"], pod["completions"], pod["restartPolicy"]) == (1, 1, "Never")
    assert pod["containers"][0]["name"] == "prefect-job"
    assert pod["containers"][0]["args"] == "prefect flow-run execute"
    assert isinstance(pod["containers"][0]["env"], list), "the worker puts its own variables before a list"


@pytest.mark.parametrize("pool", POOLS)
def test_the_job_runs_without_root_within_limits_and_holds_no_secret(pool: str) -> None:
    pod = manifest(pool)["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    for container in [*pod["initContainers"], *pod["containers"]]:
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["resources"]["limits"]["memory"]
        assert re.fullmatch(r"streamo-pipeline:\d+\.\d+\.\d+", container["image"])
        mounts = {mount["name"] for mount in container["volumeMounts"]}
        assert mounts <= {volume["name"] for volume in pod["volumes"]}
    stage = pod["containers"][0]
    assert (stage["resources"]["limits"]["nvidia.com/gpu"], stage["resources"]["limits"]["memory"]) == POOLS[
        pool
    ]
    env = {variable["name"]: variable for variable in stage["env"]}
    assert env[CHECKOUT]["value"] == stage["workingDir"] == "/checkout"
    secret = {name for name in env if re.search(r"(KEY|AUTH_STRING|KEY_ID)$", name)}
    keys = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY"}
    assert secret == {"PREFECT_API_AUTH_STRING", *keys}
    assert "STREAMO_SHARE" in env, "the checkout goes with the pod: kept answers would be paid for again"
    assert all("value" not in env[name] for name in secret)


def test_the_batch_script_parses_and_its_worker_takes_these_options() -> None:
    subprocess.run(["bash", "-n", str(SBATCH)], check=True)
    script = SBATCH.read_text()
    assert script.startswith("#!/bin/bash\n")
    assert f"export {CHECKOUT}" in script
    options = re.findall(r"(--[a-z-]+)", script.partition("worker start")[2])
    help_text = subprocess.run(
        [sys.executable, "-m", "prefect", "worker", "start", "--help"],
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PREFECT_HOME": "/tmp", "COLUMNS": "200"},
    ).stdout
    assert options
    assert [option for option in options if option not in help_text] == []


def test_the_batch_script_refuses_to_start_without_its_settings(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", str(SBATCH)], cwd=tmp_path, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "STREAMO_CHECKOUT: a clone of this project" in done.stderr


def test_every_pool_has_a_template_and_a_compose_worker() -> None:
    pools = set(yaml.safe_load((INFRA / "pools.yaml").read_text())["pools"])
    assert pools == set(POOLS)
    services = yaml.safe_load((INFRA / "compose.yaml").read_text())["services"]
    workers = {
        s["command"][-1]: s["volumes"] for s in services.values() if "flows.worker" in s.get("command", [])
    }
    assert set(workers) == {"local", *pools}
    assert len({str(volumes) for volumes in workers.values()}) == len(workers), "one worker a checkout"
    assert '"${1:-gpu}"' in SBATCH.read_text()
