"""What all tests of the checks share."""

from laserdb.scorers.checks.score import judge


def reasons(instruction: str, response: str) -> set[str]:
    """The codes of all findings on a turn."""
    return {finding.reason for finding in judge(instruction, response)[1]}
