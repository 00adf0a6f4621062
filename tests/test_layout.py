"""The shape of the repository: floors, requirements, size, and what must not be in it."""

import ast
import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import dcgan_course
from dcgan_course.data.mnist import SHA256

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "dcgan_course"
FILES = sorted(PACKAGE.rglob("*.py"))


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def floors() -> dict[str, int]:
    """{"models": 2, ...} from the table in the package's docstring."""
    rows = re.findall(r"^ {4}(\d+)  (.+)$", dcgan_course.__doc__, re.M)
    return {name.strip().rstrip("/"): int(floor) for floor, names in rows for name in names.split(",")}


def room(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(file: Path):
    """The path inside the package, such as ("runs", "checkpoints"), of each import of our own, hidden ones too."""
    package = file.relative_to(PACKAGE).parts[:-1]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = (*package[: len(package) + 1 - node.level], *(node.module.split(".") if node.module else ()))
            for alias in node.names:
                inner = PACKAGE.joinpath(*base, alias.name)
                named = inner.is_dir() or inner.with_suffix(".py").is_file() or not base
                yield (*base, alias.name) if named else base


@pytest.mark.slow
def test_types():
    """As `make check` does; in `make test` here, beside other tests, as alone it would leave cores idle."""
    found = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_imports_come_from_lower_floors(file):
    table, here = floors(), room(file)
    if here in ("__init__", "__main__"):
        return
    for name in {path[0] for path in imports(file)} - {here, "__version__"}:
        assert table[name] < table[here], f"{here} (floor {table[here]}) imports {name} (floor {table[name]})"


@pytest.mark.parametrize("wing", sorted(f.parent.name for f in PACKAGE.glob("*/__init__.py")))
def test_no_wing_imports_in_a_circle(wing):
    files = sorted((PACKAGE / wing).rglob("*.py"))
    within = {file.stem: {path[1] if len(path) > 1 else "__init__" for path in imports(file) if path[0] == wing}
              for file in files}
    while free := [name for name, needed in within.items() if not needed & within.keys()]:
        for name in free:
            del within[name]
    assert not within, f"in a circle, or above one: {within}"


def test_the_table_of_floors_is_complete():
    assert floors().keys() == {room(file) for file in FILES} - {"__init__", "__main__"}


def test_the_map_is_made_of_the_imports():
    """ARCHITECTURE.md draws every import between rooms that does not follow from others, and names every room."""
    arrows = {here: set() for here in floors()}
    for file in FILES:
        if room(file) in arrows:
            arrows[room(file)] |= {path[0] for path in imports(file)} - {room(file), "__version__"}

    def reached(here: str) -> set[str]:
        return arrows[here].union(*map(reached, arrows[here]))

    direct = {here: {to for to in needed if not any(to in reached(other) for other in needed - {to})}
              for here, needed in arrows.items()}
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    drawn = {here: set(to.split(" & ")) for here, to in re.findall(r"^ {4}(\w+) --> (.+)$", text, re.M)}
    assert drawn == {here: to for here, to in direct.items() if to}
    told = re.findall(r"^  (\w+)(?:\.py|/)  ", text.split("```")[1], re.M)
    assert sorted(told) == sorted(floors())


def test_the_house_stays_small():
    assert len(floors()) <= 19 and len(set(floors().values())) <= 10


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_rooms_stay_small(file):
    assert len(file.read_text("utf-8").splitlines()) <= 320


def test_conda_and_pip_install_the_same():
    """environment.yml names no packages of its own: it installs the package, whose list is in pyproject.toml."""
    conda = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    python, pip, packages = conda["dependencies"]
    low, high = re.fullmatch(r"python>=(3\.\d+),<(3\.\d+)", python).groups()
    assert project()["requires-python"] == f">={low}"
    assert (low, high) == ("3.10", "3.14")
    assert pip == "pip" and packages == {"pip": ["-e .[lab]"]}
    assert "lab" in project()["optional-dependencies"]


def test_every_import_is_required():
    """What the package imports is in pyproject.toml, and the other way round."""
    lists = [project()["dependencies"], *project()["optional-dependencies"].values()]
    required = {re.split(r"[><=\[; ]", word)[0] for words in lists for word in words}
    imported = set()
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(node.module.split(".")[0])
    packages = {"PIL": "pillow", "IPython": "jupyterlab", "jupyter_server": "jupyterlab", "nbformat": "jupyterlab",
                "dicebear": "dicebear-core", "dicebear_styles": "dicebear-styles", "resvg_py": "resvg-py",
                "sklearn": "scikit-learn", "torch_fidelity": "torch-fidelity", "imageio_ffmpeg": "imageio"}
    third_party = {packages.get(name, name) for name in imported if name not in sys.stdlib_module_names}
    assert third_party <= required
    for name in ("torch", "torchvision", "jupyterlab", "matplotlib", "ipywidgets", "nbval", "imageio"):
        assert name in required


def test_every_text_names_its_encoding():
    """Windows reads in another one where none is named. Beyond ruff's PLW1514: paths of which it does not know that
    they are some."""
    tests = sorted((ROOT / "tests").rglob("*.py"))  # which may write as Windows does, what they made up
    others = [file for place in ("notebooks", "notebooks/src", "site") for file in (ROOT / place).glob("*.py")]
    for file in [*FILES, *others, *tests]:
        text = file.read_text("utf-8")
        for call in ast.walk(ast.parse(text)) if "_text(" in text else ():
            kinds = ("read_text",) if file in tests else ("read_text", "write_text")
            if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in kinds:
                named = "encoding" in [keyword.arg for keyword in call.keywords]
                assert named or len(call.args) > (call.func.attr == "write_text"), f"{file}:{call.lineno}"


def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listing.stdout.split("\0") if name]


TOP = {".ci", ".devcontainer", ".gitattributes", ".github", ".gitignore", "ARCHITECTURE.md", "CHANGELOG.md",
       "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "data", "dcgan_course", "environment.yml",
       "notebooks", "pyproject.toml", "site", "tests"}


def test_nothing_strays_at_the_top_level():
    """What was put down there for a while, and swept into a commit."""
    assert {file.relative_to(ROOT).parts[0] for file in tracked()} == TOP


def test_nothing_large_outside_data():
    sizes = {file: file.stat().st_size for file in tracked()}
    assert [f.name for f, size in sizes.items() if size > 1.6e6 and "data" not in f.parts] == []
    assert sum(size for f, size in sizes.items() if f.is_relative_to(ROOT / "data")) < 60e6


def test_data_is_listed_with_its_checksum():
    readme = (ROOT / "data" / "README.md").read_text("utf-8")
    for judge in (ROOT / "data" / "judges").iterdir():
        assert hashlib.sha256(judge.read_bytes()).hexdigest() in readme and judge.stat().st_size < 1e6
    for file in (ROOT / "data" / "browser").iterdir():
        assert f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}" in readme
    assert all(digest in readme for digest in SHA256.values())
    for run in (ROOT / "data" / "runs").iterdir():
        assert f"`{run.name}`" in readme


def test_links_in_the_readme_exist():
    text = (ROOT / "README.md").read_text("utf-8")
    targets = [*re.findall(r"\]\(([^)#]+)\)", text), *re.findall(r'(?:src|href)="([^"#]+)"', text)]
    for target in targets:
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_the_readme_begins_with_the_site_and_pictures():
    """And `make lab`; what it takes, and tables, come after."""
    text = (ROOT / "README.md").read_text("utf-8")
    order = [text.index(words) for words in (".github.io/", "<img ", "make lab", "make train", " GB", "\n| ", "hours")]
    assert order == sorted(order)
    assert text.count("<img ") == len(re.findall(r'<img src="[^"]+"[^>]* alt="[^"]{20,}"', text)) >= 3


def test_the_hours_of_the_ways_through_the_lessons():
    """Summed from the table's minutes; a way with a lesson that is not there yet is left out."""
    text = (ROOT / "README.md").read_text("utf-8")
    minutes = {int(number): int(found) for number, found in re.findall(r"^\| (\d\d) \| \[.+?\| (\d+) \|", text, re.M)}
    ways = re.findall(r"^\| ([^|]+) \| (\d\d[\d, to]+) \| ([\d.]+) \|$", text, re.M)
    assert len(minutes) >= 13 and len(ways) == 4
    for way, lessons, hours in ways:
        spans = [[int(end) for end in part.split(" to ")] for part in lessons.split(", ")]
        asked = [number for span in spans for number in range(span[0], span[-1] + 1)]
        if set(asked) <= minutes.keys():
            assert float(hours) == pytest.approx(sum(minutes[number] for number in asked) / 60, abs=0.05), way


def test_badges_are_true():
    text = (ROOT / "README.md").read_text("utf-8")
    low, high = re.search(r"\[!\[Python (3\.\d+) to (3\.\d+)\]", text).groups()
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
    assert project()["requires-python"] == f">={low}"
    assert workflow["jobs"]["linux"]["strategy"]["matrix"]["python"] == [low, high]
    assert f"[![{project()['license']} licence]" in text
    assert f"[![{len(list((ROOT / 'notebooks').glob('[0-9]*.ipynb')))} lessons]" in text
    for name in re.findall(r"/actions/workflows/([^/]+)/badge\.svg", text):
        assert (ROOT / ".github" / "workflows" / name).is_file()
    for words, painted in re.findall(r"\[!\[([^]]+)\]\(https://img\.shields\.io/badge/([^)]+)-[0-9a-f]{6}\)", text):
        label, _, message = painted.replace("_", " ").partition("-")
        assert sorted(words.lower().split()) == sorted(f"{label} {message}".lower().split())
