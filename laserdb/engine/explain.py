"""Why a sample is in a selection, or what kept it out."""

from __future__ import annotations

from typing import Any

from laserdb.apportion import apportion
from laserdb.engine.caps import Caps
from laserdb.errors import UsageError
from laserdb.sql.header import CONDITIONS
from laserdb.sql.render import load_strategy
from laserdb.subset.common import unit_rows
from laserdb.warehouse import Session, Warehouse, candidates, pool, reasons, selections, sources
from laserdb.warehouse.candidates import Restriction
from laserdb.warehouse.functions import vectors_of
from laserdb.warehouse.selections import Stored

MISSING = {
    "category": "it has no category",
    "difficulty": "it has no difficulty f",
    "quality": "it has no quality q",
    "tokens": "its tokens aren't counted",
    "embedding": "it has no vector",
}


def explain(warehouse: Warehouse, name: str, data_id: str, source: str | None = None) -> dict[str, Any]:
    """All that is known of a sample and a selection; JSON-able.

    `data_id` may also be a sample_id where no data_id is spelled so. `verdict` is one sentence. Scores and
    ranks are those of the pool as it is now. Raises UsageError for an unknown or ambiguous sample.
    """
    with warehouse.read() as session:
        stored = selections.load(session, name)
        sample = reasons.find(session, data_id, source)
        restriction = Restriction(
            stored.params.get("where"), stored.params.get("within"), bool(stored.params.get("keep_marked"))
        )
        candidates.make_pool(session, restriction, stored.embedder, "*", stored.params.get("percentiles"))
        facts = sample | reasons.scores(session, sample["sample_id"])
        facts["selection"], facts["strategy"] = name, stored.strategy
        facts["marks"] = reasons.marks(session, sample["sample_id"])
        facts["chosen"] = reasons.chosen(session, name, sample["sample_id"])
        facts["in_pool"] = reasons.in_pool(session, sample["sample_id"])
        facts["category_in_selection"] = reasons.category_line(session, name, facts["category"])
        facts["quota"] = quota(session, stored, facts["category"])
        facts["source_cap"] = source_cap(session, stored, facts["source"])
        facts["ranks"] = reasons.ranks(session, sample["sample_id"]) if facts["in_pool"] else None
        facts["nearest_chosen"] = nearest(session, stored, sample["sample_id"])
        facts["displaced_by"] = displaced_by(session, stored, facts)
    facts["verdict"] = verdict(facts, stored)
    return facts


def quota(session: Session, stored: Stored, category: str | None) -> int | None:
    """What the strategy gives the sample's category; None without quotas."""
    weights = stored.params.get("quotas")
    if weights is None or category not in weights:
        return None
    have = pool.supply(session, conditions(stored))
    supplies = [have.get(name, (0, 0))[1] for name in weights]
    given = apportion(
        stored.m, list(weights.values()), supplies, bool(stored.params.get("redistribute", True))
    )
    return given[list(weights).index(category)]


def displaced_by(session: Session, stored: Stored, facts: dict[str, Any]) -> dict[str, Any] | None:
    """By what the strategy ranks, down to which value it chose, and what it chose below the sample's.

    Within the category where there are quotas. None for a chosen sample or another kind of strategy.
    """
    name = measure(stored)
    if name is None or facts["chosen"] or facts[name] is None:
        return None
    within = facts["category"] if name == "p" and facts["quota"] is not None else None
    return {"measure": name, "within": within} | reasons.below(
        session, stored.name, name, facts[name], within
    )


def source_cap(session: Session, stored: Stored, source: str) -> dict[str, int] | None:
    """The most that the sample's source may give and how much of it is chosen; None without a cap."""
    given = Caps.parse(stored.params.get("source_caps"))
    limit = given.limits(sources.sizes(session), stored.m).get(source)
    if limit is None:
        return None
    return {"most": limit, "chosen": sources.of_selection(session, stored.name).get(source, 0)}


def needs(stored: Stored) -> tuple[str, ...]:
    """What the strategy needs of a sample; nothing is known of a file that is gone."""
    try:
        return load_strategy(stored.strategy).header.needs
    except UsageError:
        return ()


def conditions(stored: Stored) -> str:
    """What candidates meet, as far as the pool's own columns tell."""
    found = [CONDITIONS[need] for need in needs(stored) if need in CONDITIONS]
    limit = stored.params.get("max_tokens")
    found += [f"tokens <= {int(limit)}"] if limit is not None else []
    return " AND ".join(found) or "true"


def nearest(session: Session, stored: Stored, sample_id: int) -> dict[str, Any] | None:
    """The chosen sample most similar to this one, itself aside; None without vectors."""
    if stored.embedder is None or not reasons.has_vector(session, sample_id, stored.embedder):
        return None
    ids = [one for one in selections.chosen_ids(session, stored.name) if one != sample_id]
    if not ids:
        return None
    vectors = unit_rows(vectors_of(session, [sample_id, *ids], stored.embedder))
    similar = vectors[1:] @ vectors[0]
    best = int(similar.argmax())
    return reasons.of_chosen(session, stored.name, ids[best]) | {"cosine": float(similar[best])}


def measure(stored: Stored) -> str | None:
    """Which of p, f and q ranks samples under the strategy; None where another thing does."""
    wanted, params = needs(stored), stored.params
    if any(params.get(name, 1) != 1 for name in ("f_exponent", "q_exponent")):
        return None
    if "difficulty" in wanted:
        return "p" if "quality" in wanted else "f"
    return "q" if "quality" in wanted else None


def verdict(facts: dict[str, Any], stored: Stored) -> str:
    """One sentence."""
    chosen = facts["chosen"]
    if chosen:
        cluster = "" if chosen["cluster"] is None else f" of cluster {chosen['cluster']}"
        return f"chosen as number {chosen['rank']} ({chosen['reason']}{cluster})"
    return f"left out: {shut_out(facts, stored) or outranked(facts)}"


def shut_out(facts: dict[str, Any], stored: Stored) -> str | None:
    """Why a sample was no candidate, or could not be chosen however good; None if it could."""
    if facts["marks"] and not stored.params.get("keep_marked"):
        one = facts["marks"][0]
        return f"marked as {one['kind']}, like {one['partner']}"
    if not facts["in_pool"]:
        if stored.params.get("within"):
            return f"not in {stored.params['within']}, from which {stored.name} was chosen"
        return f"the condition --where {stored.params.get('where')!r} doesn't hold for it"
    lacking = [MISSING[need] for need in needs(stored) if need in MISSING and facts["has"][need] is False]
    if lacking:
        return "; ".join(lacking)
    limit = stored.params.get("max_tokens")
    if limit is not None and facts["tokens"] is not None and facts["tokens"] > limit:
        return f"{facts['tokens']} tokens, more than {limit}"
    if facts["quota"] == 0:
        return f"the category {facts['category']} has a quota of 0"
    cap = facts["source_cap"]
    if cap and cap["chosen"] >= cap["most"]:
        full = f"{cap['chosen']} of its source {facts['source']} are chosen"
        return f"{full}, as many as its cap allows"
    return None


def outranked(facts: dict[str, Any]) -> str:
    """What a candidate was displaced by."""
    by = facts["displaced_by"]
    near = facts["nearest_chosen"]
    cluster = "" if near is None or near["cluster"] is None else f" of cluster {near['cluster']}"
    beside = f"; nearest chosen one: {near['data_id']}{cluster}" if near else ""
    if by is None or by["lowest"] is None:
        return f"the strategy preferred others{beside}"
    name, ranks = by["measure"], facts["ranks"]
    if by["within"] is None:
        place = f"number {ranks[name]} by {name} of {ranks['of_pool']}"
    else:
        place = f"{by['within']}: number {ranks['p_in_category']} by p of {ranks['of_category']}"
    whose = "others" if by["within"] is None else "others of its category"
    lower = ", ".join(f"{count} as {reason}" for reason, count in by["lower"].items())
    but = f", with a lower {name} {lower}" if lower else ""
    near_p = f", p = {near['p']:.3f}" if near and near["p"] is not None else ""
    return (
        f"{whose} were preferred ({place}, {name} = {facts[name]:.3f}; "
        f"chosen down to {name} = {by['lowest']:.3f}{but}{beside}{near_p})"
    )
