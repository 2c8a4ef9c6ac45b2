"""Run records, receipts and the graph as OpenLineage events: START and COMPLETE (or FAIL) a stage run."""

import datetime as dt
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.generated.base import DatasetFacet, InputDatasetFacet, JobFacet, RunFacet
from openlineage.client.generated.data_quality_assertions_dataset import (
    Assertion,
    DataQualityAssertionsDatasetFacet,
)
from openlineage.client.generated.dataset_version_dataset import DatasetVersionDatasetFacet
from openlineage.client.generated.job_type_job import JobTypeJobFacet
from openlineage.client.generated.parent_run import Job as ParentJob
from openlineage.client.generated.parent_run import ParentRunFacet
from openlineage.client.generated.parent_run import Run as ParentRun
from openlineage.client.generated.source_code_location_job import SourceCodeLocationJobFacet

from components.core.files import read_json
from components.core.hashing import fingerprint
from components.lineage.giturl import remote_url
from components.lineage.graph import Graph, Node, read_graph
from components.lineage.history import all_runs
from components.lineage.identity import is_code
from components.lineage.stage import IDENTITY_FILE

PRODUCER = "urn:streamo-pipeline:lineage"
FLOW_JOB = "reproduce"
IDS = uuid.uuid5(uuid.NAMESPACE_URL, PRODUCER)  # the same record gives the same run id on every export
CHECKED, RESULT_FILE = "artifacts/turns", "result.json"  # what the gate judges, and where it says so


@dataclass
class Workspace:
    """What the events of one checkout share.

    Attributes:
        url: address of the repository without credentials.
        lock: entries of dvc.lock by address.
        current: product folder -> fingerprint of the receipt that lies in it now.

    """

    root: Path
    namespace: str
    graph: Graph
    lock: dict[str, Any]
    url: str
    current: dict[str, str] = field(default_factory=dict)


def read_workspace(root: Path = Path()) -> Workspace:
    """Read graph, lock and receipts; the namespace is OPENLINEAGE_NAMESPACE, else `streamo`."""
    path, graph = root / "dvc.lock", read_graph(root)
    lock = yaml.safe_load(path.read_text(encoding="utf-8"))["stages"] if path.is_file() else {}
    namespace = os.environ.get("OPENLINEAGE_NAMESPACE", "streamo")
    receipts = {out: root / out / IDENTITY_FILE for node in graph for out in node.outs}
    current = {out: fingerprint(read_json(file)) for out, file in receipts.items() if file.is_file()}
    return Workspace(root, namespace, graph, dict(lock or {}), remote_url(root), current)


def all_events(root: Path = Path()) -> Iterator[RunEvent]:
    """The events of every stage run recorded in the checkout at `root`, in order of the runs' starts."""
    workspace = read_workspace(root)
    for path, record in all_runs(root):
        yield from run_events(workspace, path, record)


def run_events(workspace: Workspace, path: str, record: dict[str, Any]) -> Iterator[RunEvent]:
    """START, then COMPLETE or FAIL, of one run record; `path` (below the root) makes the run's id."""
    address, completed = str(record["stage"]), record["status"] == "completed"
    started = dt.datetime.fromisoformat(record["started_at"])
    ended = started + dt.timedelta(seconds=float(record["duration_s"]))
    node = workspace.graph.nodes.get(address)
    # Only the run that made what lies here now is known to have read what dvc.lock says; of an earlier one
    # the record tells no more than what it wrote.
    entry = workspace.lock.get(address, {}) if is_current(workspace, node, record) else {}
    inputs = input_datasets(workspace, node, entry) if node else []
    outputs = output_datasets(workspace, node, record, entry) if node and completed else []
    run = Run(
        runId=str(uuid.uuid5(IDS, f"{path} {fingerprint(record)}")), facets=run_facets(workspace, record)
    )
    job = Job(namespace=workspace.namespace, name=address, facets=job_facets(workspace, record))
    over = RunState.COMPLETE if completed else RunState.FAIL
    for state, moment in ((RunState.START, started), (over, ended)):
        yield RunEvent(
            eventTime=moment.isoformat(),
            producer=PRODUCER,
            eventType=state,
            run=run,
            job=job,
            inputs=inputs,
            outputs=outputs if state is RunState.COMPLETE else [],
        )


def is_current(workspace: Workspace, node: Node | None, record: dict[str, Any]) -> bool:
    """Whether the stage's product that lies here is the one this run wrote (or one equal to it)."""
    return node is not None and any(workspace.current.get(out) == record["identity"] for out in node.outs)


def run_facets(workspace: Workspace, record: dict[str, Any]) -> dict[str, RunFacet]:
    """The flow run above the stage, where the record names one."""
    parent = record.get("flow_run")
    if not parent:
        return {}
    job = ParentJob(namespace=workspace.namespace, name=FLOW_JOB)
    return {"parent": ParentRunFacet(run=ParentRun(runId=str(parent)), job=job, producer=PRODUCER)}


def job_facets(workspace: Workspace, record: dict[str, Any]) -> dict[str, JobFacet]:
    """Kind of job, repository and commit (with `-dirty` where the tree was)."""
    where = SourceCodeLocationJobFacet(
        type="git",
        url=workspace.url,
        repoUrl=workspace.url,
        path="dvc.yaml",
        version=str(record["git"]),
        producer=PRODUCER,
    )
    kind = JobTypeJobFacet(processingType="BATCH", integration="DVC", jobType="STAGE", producer=PRODUCER)
    return {"jobType": kind, "sourceCodeLocation": where}


def versions_of(entry: dict[str, Any], section: str) -> dict[str, str]:
    """Path -> DVC's MD5 of the `deps` or `outs` of an entry of dvc.lock."""
    return {str(item["path"]): str(item["md5"]) for item in entry.get(section, []) if "md5" in item}


def version_facet(version: str | None) -> dict[str, DatasetFacet]:
    """The facet `version`, where one is known."""
    return {"version": DatasetVersionDatasetFacet(version, producer=PRODUCER)} if version else {}


def input_datasets(workspace: Workspace, node: Node, entry: dict[str, Any]) -> list[InputDataset]:
    """The data a stage reads; the gate's assertions stand on what the gate has read."""
    known, checked = versions_of(entry, "deps"), assertions(workspace, node) if entry else {}
    return [
        InputDataset(
            workspace.namespace, dep, facets=version_facet(known.get(dep)), inputFacets=dict(checked)
        )
        for dep in node.deps
        if not is_code(dep)
    ]


def output_datasets(
    workspace: Workspace, node: Node, record: dict[str, Any], entry: dict[str, Any]
) -> list[OutputDataset]:
    """The products; of one that is no longer here the version is the SHA-256 over its files."""
    known, written = versions_of(entry, "outs"), f"sha256:{fingerprint(record['outputs'])}"
    return [
        OutputDataset(workspace.namespace, out, facets=version_facet(known.get(out, written)))
        for out in node.outs
    ]


def assertions(workspace: Workspace, node: Node) -> dict[str, InputDatasetFacet]:
    """The rules of a gate's stored result, if this stage is one; a rule that was not checked is left out."""
    files = [path for out in node.outs if (path := workspace.root / out / RESULT_FILE).is_file()]
    rules = {name: rule for path in files for name, rule in read_json(path).get("rules", {}).items()}
    found = [
        Assertion(assertion=name, success=bool(rule["passed"]), actual=f"{rule['failed']} rows failed")
        for name, rule in sorted(rules.items())
        if rule["passed"] is not None
    ]
    facet = DataQualityAssertionsDatasetFacet(assertions=found, producer=PRODUCER)
    return {"dataQualityAssertions": facet} if found else {}
