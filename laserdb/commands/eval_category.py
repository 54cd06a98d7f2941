"""laserdb eval category"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from laserdb.commands.output import TerminalProgress, json_option, parse_pairs, print_json, print_table

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("category")
@click.option(
    "--data", type=_FILE, multiple=True, required=True,
    help="JSON lines, CSV or Parquet: text, label; repeatable.",
)  # fmt: skip
@click.option("--model", help="A .npz, a SetFit model, or with --backend a language model.")
@click.option("--fast", is_flag=True, help="The shipped model that needs no torch.")
@click.option("--backend", metavar="NAME", help="Ask a language model through hf, vllm or openai.")
@click.option("--trust-remote-code", is_flag=True, help="Let a model run the Python code that comes with it.")
@click.option("--batch-size", type=click.IntRange(min=1), help="Texts per batch.")
@click.option("--set", "params", metavar="K=V", multiple=True, help="A parameter of the scorer; repeatable.")
@json_option
def command(
    data: tuple[Path, ...], model: str | None, fast: bool, backend: str | None, trust_remote_code: bool,
    batch_size: int | None, params: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Measure a classifier of instructions on labelled texts.

    Prints accuracy, macro-F1, Cohen's kappa, a table by category and the confusion matrix. A text that got
    no answer counts as wrong; such failures are also counted by kind, and have a column of their own. Use
    texts of sources that the classifier wasn't trained on. Without --model: the shipped default.

    \b
      laserdb eval category --data labelled.jsonl
      laserdb eval category --data labelled.jsonl --model my-setfit --json
      laserdb eval category --data labelled.jsonl --backend openai --model gpt-4o \\
          --set base_url=https://example.org/v1
    """
    from laserdb.evals.category import measure_classifier
    from laserdb.labelled import read_labelled
    from laserdb.scorers.base import ScorerOptions

    options = ScorerOptions(model, backend, batch_size, parse_pairs(params, "--set"), trust_remote_code, fast)
    found = measure_classifier(read_labelled(data), options, TerminalProgress())
    if as_json:
        print_json(found)
    else:
        show(found)


def show(found: dict[str, Any]) -> None:
    """The figures as lines and two tables."""
    kappa = "–" if found["kappa"] is None else f"{found['kappa']:.3f}"
    click.echo(f"{found['model']} on {found['texts']:,} texts, {found['texts_per_second']:,.0f} a second")
    click.echo(f"accuracy {found['accuracy']:.3f}, macro-F1 {found['macro_f1']:.3f}, Cohen's kappa {kappa}")
    if found.get("ece") is not None:
        click.echo(f"calibration error of the confidence {found['ece']:.3f}")
    if found["failures"]:
        kinds = ", ".join(f"{kind} {n:,}" for kind, n in found["failures"].items())
        click.echo(f"failed, counted as wrong: {kinds}")
    print_table(
        "By category",
        ("category", "precision", "recall", "F1", "texts"),
        [
            (name, *(_cell(one[key]) for key in ("precision", "recall", "f1")), one["texts"])
            for name, one in found["per_class"].items()
        ],
    )
    confusion = found["confusion"]
    print_table(
        "Confusion: rows true, columns found",
        ("", *confusion["columns"]),
        [(name, *counts) for name, counts in confusion["rows"].items()],
    )


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
