"""Sharing out a budget among categories: the largest remainder method within each one's supply."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


def largest_remainder(m: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers in proportion to `weights` that sum to m exactly; zero if every weight is zero.

    Equal remainders go to the earlier entry. Weights are taken as the decimals they are written as,
    so that 0.1 means a tenth.
    """
    exact = [Fraction(repr(float(weight))) for weight in weights]
    total = sum(exact)
    if total == 0:
        return [0] * len(exact)
    shares = [m * weight / total for weight in exact]
    whole = [int(share) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda i: (whole[i] - shares[i], i))
    for i in by_remainder[: m - sum(whole)]:
        whole[i] += 1
    return whole


def apportion(
    m: int, weights: Sequence[float], supply: Sequence[int], redistribute: bool = True
) -> list[int]:
    """Quotas m_l within the supply of each category (DESIGN §4.5).

    A category with fewer candidates than its share gives all it has; with `redistribute` the rest of
    the budget is shared out anew among the others in proportion, until no share is above its supply.
    Without it, the shortfall stays. Raises ValueError for negative input or lists of different length.
    """
    if len(weights) != len(supply):
        raise ValueError(f"{len(weights)} weights for {len(supply)} categories")
    if m < 0 or any(value < 0 for value in (*weights, *supply)):
        raise ValueError("budget, weights and supplies must be ≥ 0")
    if not redistribute:
        return [min(share, have) for share, have in zip(largest_remainder(m, weights), supply, strict=True)]
    quotas = [0] * len(supply)
    open_ones = [i for i in range(len(supply)) if weights[i] > 0]
    left = m
    while open_ones:
        shares = largest_remainder(left, [weights[i] for i in open_ones])
        short = {i for i, share in zip(open_ones, shares, strict=True) if share > supply[i]}
        if not short:
            for i, share in zip(open_ones, shares, strict=True):
                quotas[i] = share
            break
        for i in short:
            quotas[i] = supply[i]
            left -= supply[i]
        open_ones = [i for i in open_ones if i not in short]
    return quotas
