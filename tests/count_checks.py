"""The README's table of checks: `python tests/count_checks.py` counts again, and writes it."""

import contextlib
import io
import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
PLACE = re.compile(r"<details><summary>\d+ checks, .*?\n(?=\n</details>)", re.S)


def counted(table: dict) -> dict:
    """{check: (wrong answers caught, wrong answers, right ones refused, right ones)} for
    {check: ({name: (wrong answer, words)}, [right answer])}."""
    found = {}
    for check, (wrong, right) in table.items():
        with contextlib.redirect_stdout(io.StringIO()):
            caught = sum(check(answer) is not answer for answer, _ in wrong.values())
            refused = sum(check(answer) is not answer for answer in right)
        found[check.__name__] = caught, len(wrong), refused, len(right)
    return found


def block(counts: dict) -> str:
    """The summary and the rows."""
    caught, wrongs, refused, rights = map(sum, zip(*counts.values(), strict=True))
    summary = (f"<details><summary>{len(counts)} checks, {wrongs:,} wrong answers, "
               f"{f'{wrongs - caught} missed' if caught < wrongs else 'all caught'}; {rights:,} right ones, "
               f"{f'{refused} refused' if refused else 'all accepted'}</summary>")
    rows = [f"| `{name}` | {found} of {wrong} | {alarms} of {right} |"
            for name, (found, wrong, alarms, right) in counts.items()]
    return "\n".join([summary, "", "| check | wrong answers caught | false alarms |", "|---|---|---|", *rows, ""])


def main() -> None:
    from test_checks import TABLE

    text = README.read_text("utf-8")
    found = block(counted(TABLE))
    README.write_text(PLACE.sub(lambda _: found, text), "utf-8")
    print(found.splitlines()[0])


if __name__ == "__main__":
    main()
