"""Greedy choices of diverse samples by their vectors or tags, blocked with BLAS and bounded in memory.

Each function takes what is to be chosen from in an order that decides ties, and returns positions in it,
in the order of choice. They are the same on any number of threads.
"""

from __future__ import annotations

from laserdb.subset.copies import Copies, near_copies
from laserdb.subset.determinantal import greedy_map
from laserdb.subset.facility import facility_location
from laserdb.subset.farthest import k_center
from laserdb.subset.measures import nearest_distance, vendi_score
from laserdb.subset.similar import far_apart
from laserdb.subset.tags import information_gain, tag_cover, tag_vectors

__all__ = [
    "Copies",
    "facility_location",
    "far_apart",
    "greedy_map",
    "information_gain",
    "k_center",
    "near_copies",
    "nearest_distance",
    "tag_cover",
    "tag_vectors",
    "vendi_score",
]
