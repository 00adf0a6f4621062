"""The one list of commands: help and shell completion are made from it, and the README's table is compared with it."""

import inspect
from collections.abc import Callable
from typing import Literal

from ..config import PRESETS, TrainConfig
from .drawing import export, gif, interpolate, page, sample
from .exploring import explore
from .grading import grade
from .lessons import lab
from .measuring import bench, doctor, features, info, neighbours, score
from .training import diffusion, judge, prepare, record, resume, study, train

# The first arguments are completed with the names, those that begin with a dash with the command's flags, and all
# others by the shell, with files. zsh understands what bash does.
BASH = """_dcgan_course() {
    local words=""
    COMPREPLY=()
    case $COMP_CWORD:${COMP_WORDS[1]} in
        1:*) words="@names" ;;
@cases
    esac
    if [[ $COMP_CWORD -eq 1 || ${COMP_WORDS[COMP_CWORD]} == -* ]]; then
        COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
    fi
}
complete -o default -F _dcgan_course dcgan-course"""
ZSH = "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n"


def completion(shell: Literal["bash", "zsh", "fish"], /) -> None:
    """Print what teaches a shell to complete commands and flags: eval "$(dcgan-course completion bash)".

    Args:
        shell: For fish: dcgan-course completion fish | source. In the shell's start-up file it holds for good.
    """
    if shell == "fish":
        print("\n".join(fish_lines()))
    else:
        cases = "\n".join(f'        *:{name}) words="{" ".join(flags(name))}" ;;' for name in COMMANDS)
        print(ZSH * (shell == "zsh") + BASH.replace("@names", " ".join(COMMANDS)).replace("@cases", cases))


GROUPS: dict[str, tuple[Callable, ...]] = {
    "train": (prepare, train, resume, study, diffusion),
    "look": (sample, interpolate, gif, explore, info),
    "measure": (score, neighbours, features, judge),
    "publish": (page, export, record),
    "machine": (lab, grade, doctor, bench, completion),
}
COMMANDS: dict[str, Callable] = {command.__name__: command for group in GROUPS.values() for command in group}
OWN_PARSING = ("train", "resume")  # they take the words as they are: their flags are the fields of TrainConfig


def first_line(name: str) -> str:
    """What a command does, in the words of its help."""
    return COMMANDS[name].__doc__.splitlines()[0]


def overview() -> str:
    """What `dcgan-course` says without words."""
    lines = ["dcgan-course COMMAND [--help] ..."]
    for group, commands in GROUPS.items():
        lines += ["", group, *(f"  {command.__name__:<12} {first_line(command.__name__)}" for command in commands)]
    return "\n".join([*lines, "", f"presets: {', '.join(PRESETS)}"])


def flags(name: str) -> list[str]:
    """The flags of a command, from what its parser is made from."""
    asked = inspect.signature(TrainConfig if name in OWN_PARSING else COMMANDS[name]).parameters.values()
    named = [parameter for parameter in asked if parameter.kind is not parameter.POSITIONAL_ONLY]
    switches = [f"--no_{parameter.name}" for parameter in named if parameter.annotation is bool]
    return ["--help", *(f"--{parameter.name}" for parameter in named), *switches]


def fish_lines() -> list[str]:
    """One line of fish for each command, and for each flag of it."""
    lines = [f'complete -c dcgan-course -n __fish_use_subcommand -f -a {name} -d "{first_line(name)}"'
             for name in COMMANDS]
    return lines + [f"complete -c dcgan-course -n '__fish_seen_subcommand_from {name}' -l {flag.removeprefix('--')}"
                    for name in COMMANDS for flag in flags(name)]
