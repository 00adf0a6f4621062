"""What a forge reads: workflows, the issue form, the citation, the devcontainer."""

import json
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest
import teach
import yaml

import dcgan_course

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))


def run(name, *words) -> tuple[int, str]:
    program = shutil.which(name, path=sysconfig.get_path("scripts"))
    done = subprocess.run([program, *words], capture_output=True, text=True, cwd=ROOT)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("schema, files", [("github-workflows", WORKFLOWS),
                                           ("github-issue-forms", sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml"))),
                                           ("citation-file-format", [ROOT / "CITATION.cff"])])
def test_files_are_of_their_kind(schema, files):
    assert files and run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *files)[0] == 0


def test_a_wrong_workflow_is_found(tmp_path):
    file = tmp_path / "wrong.yml"
    file.write_text(WORKFLOWS[0].read_text("utf-8").replace("runs-on:", "runs-where:"), encoding="utf-8")
    assert run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", file)[0] == 1


@pytest.mark.slow
def test_workflows_give_nothing_away():
    """Actions by their hash, no more rights than needed, no text of strangers in a shell."""
    status, said = run("zizmor", "--offline", "--no-progress", GITHUB)
    assert status == 0, said


def test_workflows_call_what_there_is():
    """Each `make TARGET` and each file that a workflow names."""
    targets = set(re.findall(r"^([a-z]+)(?: [a-z]+)*:", (ROOT / "Makefile").read_text("utf-8"), re.M)) | {"test"}
    for file in WORKFLOWS:
        steps = [step for job in yaml.safe_load(file.read_text("utf-8"))["jobs"].values() for step in job["steps"]]
        lines = "\n".join(step.get("run", "") for step in steps)
        assert set(re.findall(r"\bmake ([a-z]+)", lines)) <= targets
        for name in re.findall(r"\b((?:site|tests|notebooks)/[\w./]+)", lines):
            assert (ROOT / name).exists(), f"{file.name}: {name}"


def test_the_weekly_job_installs_what_a_first_cell_does():
    colab = (ROOT / "dcgan_course" / "machine" / "colab.py").read_text("utf-8")
    weekly = (GITHUB / "workflows" / "weekly.yml").read_text("utf-8")
    extras = [re.search(r"""install\(.-e., f?['"][^'"[]+(\[\w+\])""", text)[1] for text in (colab, weekly)]
    assert extras == ["[sliders]"] * 2


def test_they_tell_the_same():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == dcgan_course.__version__
    assert citation["repository-code"] == f"https://github.com/{teach.repository()}"
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
    assert "pip install -e '.[lab]'" in container["onCreateCommand"]
