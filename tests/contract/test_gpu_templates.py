"""The templates for GPU machines that cannot run here: what can be checked without Kubernetes and Slurm."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from prefect.utilities.templating import apply_values, find_placeholders

from flows.worker import CHECKOUT

INFRA = Path(__file__).resolve().parents[2] / "infra"
SBATCH = INFRA / "slurm/run-stage.sbatch"


def template() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((INFRA / "kubernetes/gpu-job.yaml").read_text())
    return found


def manifest() -> dict[str, Any]:
    """The Job that Prefect would create, with every variable at its default."""
    properties = template()["variables"]["properties"]
    values = {name: spec["default"] for name, spec in properties.items()}
    filled: dict[str, Any] = apply_values(template()["job_configuration"], values)
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


def test_the_job_runs_without_root_within_limits_and_holds_no_secret() -> None:
    pod = manifest()["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    for container in [*pod["initContainers"], *pod["containers"]]:
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["resources"]["limits"]["memory"]
        assert re.fullmatch(r"streamo-pipeline:\d+\.\d+\.\d+", container["image"])
        mounts = {mount["name"] for mount in container["volumeMounts"]}
        assert mounts <= {volume["name"] for volume in pod["volumes"]}
    stage = pod["containers"][0]
    assert stage["resources"]["limits"]["nvidia.com/gpu"] == 1
    env = {variable["name"]: variable for variable in stage["env"]}
    assert env[CHECKOUT]["value"] == stage["workingDir"] == "/checkout"
    secret = {name for name in env if re.search(r"(KEY|AUTH_STRING|KEY_ID)$", name)}
    assert secret == {"PREFECT_API_AUTH_STRING", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
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
