"""laserdb train category"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from laserdb.commands.output import TerminalProgress, json_option, parse_pairs, print_json
from laserdb.errors import UsageError

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_METHODS = ("setfit", "head", "adapter", "fast", "cascade")


@click.command()
@click.option(
    "--data", type=_FILE, multiple=True, required=True,
    help="JSON lines, CSV or Parquet: text, label and, if known, source; repeatable.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path), required=True,
    help="What to write: a folder (setfit), a file .json (cascade), else .npz, with a card beside it.",
)  # fmt: skip
@click.option(
    "--method", type=click.Choice(_METHODS), default="setfit", show_default=True,
    help="How: see above.",
)  # fmt: skip
@click.option(
    "--body", "--model", "body", default="all-MiniLM-L6-v2", show_default=True,
    help="Sentence encoder: a folder or a hub id.",
)  # fmt: skip
@click.option("--trust-remote-code", is_flag=True, help="Let the encoder run the Python code it comes with.")
@click.option("--valid", type=_FILE, multiple=True, help="Validation texts; default: some of --data.")
@click.option(
    "--valid-share", type=click.FloatRange(0, 0.5), default=0.1, show_default=True,
    help="Share of --data kept back for validation, by source where possible; 0: none.",
)  # fmt: skip
@click.option("--teacher", metavar="MODEL", help="fast: a classifier to learn from (default: the shipped).")
@click.option("--unlabelled", type=_FILE, multiple=True, help="fast: texts that the teacher labels.")
@click.option("--quick", type=_FILE, help="cascade: the .npz that answers where it is sure.")
@click.option("--careful", type=_FILE, help="cascade: the .npz that reads the other texts.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of splits, draws and weights.")
@click.option("--set", "params", metavar="K=V", multiple=True, help="A hyperparameter; repeatable.")
@json_option
def category(
    data: tuple[Path, ...], out: Path, method: str, body: str, trust_remote_code: bool,
    valid: tuple[Path, ...], valid_share: float, teacher: str | None, unlabelled: tuple[Path, ...],
    quick: Path | None, careful: Path | None, seed: int, params: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Train a classifier of instructions.

    \b
    setfit   a sentence encoder tuned on pairs of texts, then with a head (SetFit), with
             the paper's hyperparameters: batch_size=16,2 epochs=1,15 max_steps=500
             body_learning_rate=2e-5,1e-5 head_learning_rate=1e-4 end_to_end=true
             weight_decay warmup max_length patience
    head     a logistic regression on frozen vectors of the encoder
    adapter  low-rank deltas on the encoder, and a head: rank scale modules layers
             max_length epochs batch_size learning_rate head_learning_rate weight_decay
             warmup label_smoothing dropout balance temperature refit start keep
    fast     a linear model on n-grams, without a neural net: bits penalty balance
             label_smoothing iterations mix unlabelled refit
    cascade  two of these in a row: --data, which neither was trained on, choose how sure
             --quick must be for its answer to stand: loss above

    The figures are of the texts that were kept back, and the confidence is calibrated on them. setfit and
    adapter go on where a killed training was: run the same command.

    \b
    Examples:
      laserdb train category --data train.jsonl --out my-setfit
      laserdb train category --data train.csv --out paper --body NovaSearch/stella_en_400M_v5 \\
          --trust-remote-code
      laserdb train category --method head --data train.jsonl --out my-categories.npz
      laserdb score pool.duckdb category --model my-setfit
    """
    _check(method, out, teacher, unlabelled, (quick, careful), trust_remote_code=trust_remote_code)
    given = parse_pairs(params, "--set")
    if method == "head":
        if given or valid:
            raise UsageError("--method head chooses its penalty by folds: it takes no --set and no --valid")
        result = _head(data, out, body, seed)
    elif method == "cascade":
        if valid or quick is None or careful is None:
            raise UsageError("--method cascade needs --quick and --careful, and takes no --valid")
        result = _cascade(data, out, given, quick, careful)
    else:
        from laserdb.labelled import read_labelled
        from laserdb.train.validation import split_off

        texts = read_labelled(data, least=2)
        split = split_off(texts, read_labelled(valid) if valid else None, valid_share, seed)
        progress = TerminalProgress()
        if method == "setfit":
            from laserdb.train.category_setfit import train_setfit
            from laserdb.train.setfit_phases import SetFitSettings
            from laserdb.train.settings import with_settings

            result = train_setfit(
                split, data, out, with_settings(SetFitSettings(), given), body=body,
                trust_remote_code=trust_remote_code, seed=seed, progress=progress,
            )  # fmt: skip
        elif method == "adapter":
            from laserdb.train.category_adapter import AdapterSettings, train_adapter
            from laserdb.train.settings import with_settings

            result = train_adapter(
                split, data, out, with_settings(AdapterSettings(), given), model=body, seed=seed,
                progress=progress,
            )  # fmt: skip
        else:
            from laserdb.labelled import read_texts
            from laserdb.train.category_fast import FastSettings, Teaching, train_fast
            from laserdb.train.settings import with_settings

            asked = teacher or ("default" if unlabelled else "")
            teaching = Teaching(asked, read_texts(unlabelled) if unlabelled else (), unlabelled)
            result = train_fast(
                split, data, out, with_settings(FastSettings(), given), teaching=teaching, seed=seed,
                progress=progress,
            )  # fmt: skip
    if as_json:
        print_json(result)
    else:
        _show(result)


def _check(
    method: str, out: Path, teacher: str | None, unlabelled: tuple[Path, ...],
    parts: tuple[Path | None, Path | None], *, trust_remote_code: bool,
) -> None:  # fmt: skip
    """See before any work that the options go together. Raises UsageError."""
    if method == "setfit" and out.suffix == ".npz":
        raise UsageError(f"--out {out}: setfit writes a folder; for one file: --method head, adapter or fast")
    suffix = ".json" if method == "cascade" else ".npz"
    if method != "setfit" and out.suffix != suffix:
        raise UsageError(f"--out {out}: --method {method} writes one file, which has to end in {suffix}")
    if method != "cascade" and any(parts):
        raise UsageError("--quick and --careful are for --method cascade")
    if method != "fast" and (teacher or unlabelled):
        raise UsageError("--teacher and --unlabelled are for --method fast")
    if method != "setfit" and trust_remote_code:
        raise UsageError("--trust-remote-code is for --method setfit")


def _head(data: tuple[Path, ...], out: Path, body: str, seed: int) -> dict[str, Any]:
    from laserdb.train.category_head import train_category_head

    return train_category_head(
        data, out, model=body, seed=seed, progress=lambda line: click.echo(line, err=True)
    )


def _cascade(
    data: tuple[Path, ...], out: Path, given: Mapping[str, str], quick: Path, careful: Path
) -> dict[str, Any]:
    from laserdb.labelled import read_labelled
    from laserdb.train.category_cascade import CascadeSettings, train_cascade
    from laserdb.train.settings import with_settings

    settings = with_settings(CascadeSettings(), given)
    return train_cascade(read_labelled(data), data, out, settings, quick=quick, careful=careful)


def _show(result: dict[str, Any]) -> None:
    click.echo(f"{result['out']}: trained on {result['rows']} texts with {result['model']}")
    told = result["evaluation"] or {}
    for name, one in ({"validation texts": told} if "accuracy" in told else told).items():
        kappa = "–" if one["kappa"] is None else f"{one['kappa']:.3f}"
        click.echo(f"{name}: accuracy {one['accuracy']:.3f}, macro-F1 {one['macro_f1']:.3f}, kappa {kappa}")
