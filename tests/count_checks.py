"""The README's table of checks: `python tests/count_checks.py` counts again, and writes it."""

import contextlib
import io
import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
PLACE = re.compile(r"<details><summary>\d+ checks, .*?\n(?=\n</details>)", re.S)


def block(table: dict) -> str:
    """The summary and the rows, for {check: ({name: (wrong answer, words)}, [right answer])}."""
    rows, wrongs, rights, missed, refused = [], 0, 0, 0, 0
    for check, (wrong, right) in table.items():
        with contextlib.redirect_stdout(io.StringIO()):
            caught = sum(check(answer) is not answer for answer, _ in wrong.values())
            alarms = sum(check(answer) is not answer for answer in right)
        rows.append(f"| `{check.__name__}` | {caught} of {len(wrong)} | {alarms} of {len(right)} |")
        wrongs, rights = wrongs + len(wrong), rights + len(right)
        missed, refused = missed + len(wrong) - caught, refused + alarms
    summary = (f"<details><summary>{len(table)} checks, {wrongs:,} wrong answers, "
               f"{f'{missed} missed' if missed else 'all caught'}; {rights:,} right ones, "
               f"{f'{refused} refused' if refused else 'all accepted'}</summary>")
    return "\n".join([summary, "", "| check | wrong answers caught | false alarms |", "|---|---|---|", *rows, ""])


def main() -> None:
    from test_checks import TABLE

    text = README.read_text("utf-8")
    found = block(TABLE)
    README.write_text(PLACE.sub(lambda _: found, text), "utf-8")
    print(found.splitlines()[0])


if __name__ == "__main__":
    main()
