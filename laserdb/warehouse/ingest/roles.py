"""Who speaks in a message: the names that data sets use, and the four sides that laserdb knows."""

from __future__ import annotations

USER = frozenset({"user", "human", "prompter", "usr"})
ASSISTANT = frozenset({"assistant", "gpt", "chatgpt", "bing", "bard", "model", "bot", "ai", "claude"})
SYSTEM = frozenset({"system", "developer"})
TOOL = frozenset(
    {"tool", "function", "observation", "ipython", "tool_response", "tool_result", "tool_output",
     "function_response", "function_result", "function_output"}
)  # fmt: skip
# The assistant speaks, but to a tool: what it says is part of its answer.
CALL = frozenset({"function_call", "function-call", "tool_call", "tool_calls"})

SIDES = {
    **dict.fromkeys(USER, "user"),
    **dict.fromkeys(ASSISTANT | CALL, "assistant"),
    **dict.fromkeys(SYSTEM, "system"),
    **dict.fromkeys(TOOL, "tool"),
}


def side(role: str) -> str | None:
    """`user`, `assistant`, `system` or `tool`; None for a name we don't know."""
    return SIDES.get(role.strip().lower())
