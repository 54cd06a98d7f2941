"""Training the fast classifier: softmax regression on hashed n-grams and the look of a text."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from laserdb.categories import CATEGORIES
from laserdb.errors import MissingExtra, UsageError
from laserdb.labelled import Labelled
from laserdb.scorers.base import ScorerOptions
from laserdb.scorers.category.fast import FastModel, load_fast_model, save_fast_model
from laserdb.scorers.category.find import find_classifier
from laserdb.scorers.category.ngrams import CHARS, FORMAT, GROUPS, groups_of, joined, looks, pieces, sparse
from laserdb.train.cards import file_list, write_card
from laserdb.train.settings import require
from laserdb.train.validation import Split, counts_text, figures, figures_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from laserdb.progress import Progress

_TEACH_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class FastSettings:
    """Hyperparameters of the fast classifier.

    `bits`: 2^bits buckets of seven bytes. `penalty` is the weight of the squared weights in the loss,
    `balance` as in the adapter's training. With a teacher, `mix` is the teacher's share in the target of
    a labelled text, and an unlabelled text counts `unlabelled` as much as a labelled one.
    """

    bits: int = 16
    penalty: float = 1e-4
    balance: float = 0.5
    label_smoothing: float = 0.05
    iterations: int = 200
    mix: float = 0.5
    unlabelled: float = 0.5
    refit: bool = True

    def __post_init__(self) -> None:
        require(self, bits=8, penalty=0, iterations=1, unlabelled=0)
        if self.bits > 20 or not 0 <= self.mix <= 1 or not 0 <= self.label_smoothing < 1:
            raise UsageError("bits must be 20 at most, mix lie in [0, 1], label_smoothing in [0, 1)")


@dataclass(frozen=True, slots=True)
class Teaching:
    """A classifier to learn from (its `--model`, "" for none), and texts that it alone labels."""

    teacher: str = ""
    texts: Sequence[str] = ()
    files: Sequence[Path] = ()


def train_fast(
    split: Split, files: Sequence[Path], out: Path, settings: FastSettings, *,
    teaching: Teaching | None = None, seed: int = 0, progress: Progress,
) -> dict[str, Any]:  # fmt: skip
    """Train the classifier, write `out` (.npz) and its card (.md), and return the figures.

    The loss is convex and training starts from 0, so that `seed` matters for nothing but the split.
    Raises MissingExtra without SciPy, UsageError for unlabelled texts without a teacher.
    """
    teaching = teaching or Teaching()
    if importlib.util.find_spec("scipy") is None:
        raise MissingExtra("scipy", "score")
    if teaching.texts and not teaching.teacher:
        raise UsageError("--unlabelled needs --teacher, which labels the texts")
    extra, soft = list(teaching.texts), np.zeros((0, len(split.classes)))
    if extra:
        soft = _taught(teaching.teacher, extra, split.classes, progress)
    evaluation, temperature = None, 1.0
    model = _fitted(split.train, split.classes, settings, teaching.teacher, extra, soft, progress)
    if split.valid is not None:
        temperature, evaluation = figures(split, model.logits(split.valid.texts).astype(np.float64))
        if settings.refit:
            both = (split.train, split.valid)
            whole = Labelled(*(a + b for a, b in zip(*map(_columns, both), strict=True)))
            model = _fitted(whole, split.classes, settings, teaching.teacher, extra, soft, progress)
    meta = {
        "seed": seed,
        "rows": len(split.train),
        "unlabelled": len(extra),
        "teacher": Path(teaching.teacher).name,
    }
    save_fast_model(replace(model, temperature=temperature, meta=meta), out)
    load_fast_model(out)
    result = {
        "out": str(out), "method": "fast", "model": "n-grams", "rows": len(split.train),
        "unlabelled": len(extra),
        "bytes": out.stat().st_size, "temperature": round(temperature, 4), "settings": asdict(settings),
        "seed": seed, "teacher": teaching.teacher, "evaluation": evaluation,
    }  # fmt: skip
    write_card(out, "Category classifier: n-grams", _card(split, files, teaching, result))
    return result


def _columns(data: Labelled) -> tuple[tuple[str, ...], ...]:
    return data.texts, data.labels, data.sources


def _taught(
    teacher: str, texts: Sequence[str], classes: Sequence[str], progress: Progress
) -> NDArray[np.float64]:
    """The teacher's probabilities of the classes, (n, k)."""
    # The default is a cascade that begins with a fast classifier: what teaches is its careful part.
    options = ScorerOptions(params={"above": "1"}) if teacher == "default" else ScorerOptions(model=teacher)
    classifier = find_classifier(options)
    progress.start(f"asking {teacher}", len(texts), "texts")
    parts = []
    try:
        classifier.load()
        for at in range(0, len(texts), _TEACH_AT_ONCE):
            parts.append(classifier.predict(texts[at : at + _TEACH_AT_ONCE]))
            progress.advance(len(parts[-1]))
    finally:
        classifier.close()
        progress.finish()
    found = np.vstack(parts).astype(np.float64)[:, [CATEGORIES.index(c) for c in classes]]
    result: NDArray[np.float64] = found / np.maximum(found.sum(axis=1, keepdims=True), 1e-12)
    return result


def _fitted(
    data: Labelled, classes: Sequence[str], settings: FastSettings, teacher: str,
    extra: Sequence[str], soft: NDArray[np.float64], progress: Progress,
) -> FastModel:  # fmt: skip
    k = len(classes)
    labels = np.array([classes.index(label) for label in data.labels])
    targets = np.eye(k)[labels] * (1 - settings.label_smoothing) + settings.label_smoothing / k
    if teacher and settings.mix:
        told = _taught(teacher, data.texts, classes, progress)
        targets = settings.mix * told + (1 - settings.mix) * targets
    weights = np.bincount(labels, minlength=k)[labels].astype(np.float64) ** -settings.balance
    weights /= weights.mean()
    weights = np.concatenate([weights, np.full(len(extra), settings.unlabelled)])
    texts = [*data.texts, *extra]
    buckets = 1 << settings.bits
    ngrams, look = features(texts, buckets)
    mean, spread = look.mean(axis=0), np.maximum(look.std(axis=0), 1e-6)
    found, form, bias = fit(
        ngrams, (look - mean) / spread, np.vstack([targets, soft]), weights, settings, progress
    )
    form = form / spread[:, None]
    return FastModel(
        found.astype(np.float32), form.astype(np.float32), (bias - mean @ form).astype(np.float32),
        tuple(classes),
    )  # fmt: skip


def features(texts: Sequence[str], buckets: int) -> tuple[Any, NDArray[np.float64]]:
    """N-grams as one CSR matrix (n, buckets), and looks, (n, len(FORMAT))."""
    from scipy.sparse import vstack

    rows, look = [], []
    for start, end in pieces(texts):
        part = texts[start:end]
        text = joined(part)
        found = groups_of(text)
        rows.append(sum(sparse(found[name], len(part), buckets) for name in GROUPS))
        look.append(looks(part, text))
    return vstack(rows, format="csr"), np.vstack(look).astype(np.float64)


def fit(
    ngrams: Any, look: NDArray[np.float64], targets: NDArray[np.float64], weights: NDArray[np.float64],
    settings: FastSettings, progress: Progress,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """Minimise the weighted cross-entropy to soft targets (n, k) plus the penalty, by L-BFGS.

    scikit-learn's logistic regression takes no soft targets. Returns the weights (buckets, k) of the
    n-grams, those of the standardised looks (len(FORMAT), k), and the bias (k,).
    """
    from scipy.optimize import minimize

    (n, buckets), k = ngrams.shape, targets.shape[1]
    ngrams = ngrams.astype(np.float32)  # the products take nearly all the time
    # Looks count as little as n-grams do: each group's features have a norm of about 1.
    look = look / len(FORMAT) ** 0.5
    transposed, share = ngrams.T.tocsr(), weights[:, None] / weights.sum()
    a, b = buckets * k, (buckets + look.shape[1]) * k
    # The bias in front is that of the class sizes, which leaves little to learn for it.
    start = np.zeros(b + k)
    start[b:] = np.log((share * targets).sum(axis=0) + 1e-9)

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        w, f = flat[:a].reshape(buckets, k), flat[a:b].reshape(-1, k)
        product = (ngrams @ w.astype(np.float32)).astype(np.float64)
        logits = product + look @ f + flat[b:]
        top = logits.max(axis=1, keepdims=True)
        norm = np.log(np.exp(logits - top).sum(axis=1, keepdims=True)) + top
        value = float((share * targets * (norm - logits)).sum())
        value += settings.penalty * float(flat[:b] @ flat[:b])
        error = share * (np.exp(logits - norm) * targets.sum(axis=1, keepdims=True) - targets)
        parts = (transposed @ error.astype(np.float32), look.T @ error, error.sum(axis=0))
        slope = np.concatenate([part.ravel().astype(np.float64) for part in parts])
        slope[:b] += 2 * settings.penalty * flat[:b]
        return value, slope

    progress.start(f"fitting {n:,} texts", settings.iterations, "iterations")
    try:
        found = minimize(
            loss, start, jac=True, method="L-BFGS-B", callback=lambda _: progress.advance(1),
            options={"maxiter": settings.iterations, "maxcor": 10},
        ).x  # fmt: skip
    finally:
        progress.finish()
    form = found[a:b].reshape(-1, k) / len(FORMAT) ** 0.5
    return found[:a].reshape(buckets, k), form, found[b:]


def _card(split: Split, files: Sequence[Path], teaching: Teaching, result: dict[str, Any]) -> str:
    settings = " ".join(f"--set {name}={value}" for name, value in result["settings"].items())
    data = " ".join(f"--data {path.name}" for path in files)
    teacher = f" --teacher {Path(teaching.teacher).name}" if teaching.teacher else ""
    unlabelled = "".join(f" --unlabelled {path.name}" for path in teaching.files)
    told = "No texts were kept back." if result["evaluation"] is None else figures_text(result["evaluation"])
    refit = " What is stored was then fitted on all of them." if result["settings"]["refit"] else ""
    return f"""## Training

    laserdb train category --method fast {data}{teacher}{unlabelled} --seed {result["seed"]} {settings}

{counts_text(split, [file_list([*files, *teaching.files])])} {result["unlabelled"]} unlabelled texts.

Softmax regression on hashed words, pairs of words and character 3- to 5-grams, the first and last words, and
{len(FORMAT)} features of the look, of at most {CHARS} characters from either end; {result["bytes"]:,} bytes,
eight bits a weight; confidence is softmax at temperature {result["temperature"]}.

## Figures on the texts kept back

Before the weights were cut to eight bits.{refit}

{told}
"""
