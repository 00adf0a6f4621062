"""Of a learner's notebook the lines that one answer needs, and nothing else.

A grade must not depend on what a file says of itself. So no cell is run as it stands: not the ones that call a check,
print a tick or train for an hour, nor those that replace what a check is made of. What defines the answer is taken,
what defines the names that it uses, and so on; the rest of the notebook is never run.
"""

import ast
import re
import symtable
from dataclasses import dataclass

JUPYTERS = re.compile(r"^([ \t]*)[%!?].*$", re.M)  # lines for Jupyter, not for Python


@dataclass
class Statement:
    """A statement on the first level of a cell, with the names that it gives a value and those whose value it uses."""

    node: ast.stmt
    cell: int
    gives: set[str]
    uses: set[str]


class NotPython(Exception):
    """A cell that Python does not understand, in words."""


def statements(cells: list[str], answer: str) -> list[Statement]:
    """All that the notebook says, in its order.

    Raises:
        NotPython: a cell cannot be read that would define the answer.
    """
    found = []
    for number, source in enumerate(cells, 1):
        try:
            nodes = ast.parse(JUPYTERS.sub(r"\1pass", source)).body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            if re.search(rf"^(def|class)\s+{answer}\b|^{answer}\s*=", source, re.M):
                line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
                raise NotPython(f"code cell {number} is not Python: {getattr(error, 'msg', error)}{line}") from None
            continue
        found += [Statement(node, number, *names(node)) for node in nodes]
    return found


def names(node: ast.stmt) -> tuple[set[str], set[str]]:
    """What a statement gives a value, and what it uses, of the notebook's names."""
    try:
        table = symtable.symtable(ast.unparse(node), "cell", "exec")
    except SyntaxError:  # such as `return` or `await` outside of a function
        return set(), set()
    gives = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    gives |= {alias.name for alias in getattr(node, "names", [])
              if getattr(alias, "name", "") == "*"}  # any name
    uses = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    inner = table.get_children()
    while inner:
        uses |= {symbol.get_name() for symbol in inner[0].get_symbols() if symbol.is_global()}
        inner = inner[1:] + inner[0].get_children()
    return gives, uses


def parts_given(node: ast.stmt) -> set[str]:
    """The names of what a statement changes a part of: {"net"} for net.forward = ... and net["x"] = ..."""
    found = set()
    for target in getattr(node, "targets", [getattr(node, "target", None)]):
        while isinstance(target, (ast.Attribute, ast.Subscript)):
            target = target.value
            if isinstance(target, ast.Name):
                found.add(target.id)
    return found


def needed(everything: list[Statement], answer: str) -> list[ast.stmt]:
    """The statements that an answer is made of, in the notebook's order: up to the last cell that mentions it, what
    gives it a value, and what gives those names a value that these statements use. Empty = nothing defines it."""
    last = max((s.cell for s in everything if answer in s.gives | s.uses), default=0)
    before = [s for s in everything if s.cell <= last]
    imported = {name for s in before if isinstance(s.node, (ast.Import, ast.ImportFrom)) for name in s.gives}
    gives = [s.gives | (parts_given(s.node) - imported) for s in before]  # nobody needs `torch.allclose = ...`
    wanted, taken = {answer, "*"}, set()
    if not any(answer in given for given in gives):
        return []
    while True:
        new = {i for i in range(len(before)) if gives[i] & wanted} - taken
        if not new:
            return [before[i].node for i in sorted(taken)]
        taken |= new
        wanted = wanted.union(*(before[i].uses for i in new))


def untouched_stub(nodes: list[ast.stmt], answer: str) -> bool:
    """Whether an answer is still as the lesson has it: a function, or a class of such, that raises NotImplementedError
    and does nothing else."""
    nodes = [node for node in nodes if answer in names(node)[0] | parts_given(node)]
    if len(nodes) != 1 or not isinstance(nodes[0], (ast.FunctionDef, ast.ClassDef)):
        return False
    functions = nodes if isinstance(nodes[0], ast.FunctionDef) else nodes[0].body
    lines = [ast.unparse(line) for function in functions for line in getattr(function, "body", [])
             if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))]  # a docstring
    return set(lines) - {"super().__init__()"} == {"raise NotImplementedError"}
