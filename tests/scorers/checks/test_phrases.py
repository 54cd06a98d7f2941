"""Refusals, talk of being a language model, courtesies."""

import pytest

from laserdb.scorers.checks.score import judge
from tests.scorers.checks.util import reasons

HELP = " Start with the basics and practise a little every day until it feels easy." * 12


@pytest.mark.parametrize(
    ("instruction", "response"),
    [
        ("Write a scary story.", "I'm sorry, but I can't help with that."),
        ("Write a scary story.", "I’m sorry, but I cannot assist with that request."),
        ("Write a scary story.", "As an AI language model, I cannot create scary content."),
        ("Order a pizza.", "I apologize, but I am unable to perform external tasks."),
        ("Order a pizza.", "Unfortunately I cannot do that as I have no hands."),
        ("Order a pizza.", "I must respectfully decline."),
        ("Schreib eine Gruselgeschichte.", "Es tut mir leid, aber ich kann dabei nicht helfen."),
        ("Escribe un cuento de terror.", "Lo siento, pero no puedo ayudarte con eso."),
        ("Écris une histoire.", "Désolé, je ne peux pas vous aider."),
        ("写一个恐怖故事。", "很抱歉，我无法帮助你完成这个请求。"),
    ],
)
def test_refusal(instruction, response):
    assert "refusal" in reasons(instruction, response)


@pytest.mark.parametrize(
    ("instruction", "response"),
    [
        ("What did the robot say?", "The robot said: \"I'm sorry, I can't help you with that.\""),
        ("My dog died.", "I'm sorry to hear that. Losing a dog is hard; do you want to talk about him?"),
        ("Can pigs fly?", "No, pigs can't fly."),
        ("How do I learn chess?", "I can't give you a single recipe, but here is one way." + HELP),
        ("Ich bin krank.", "Das tut mir leid. Gute Besserung und ruh dich aus!"),
        ("Can it be proved?", "We cannot say: the statement is independent of the axioms."),
    ],
)
def test_no_refusal(instruction, response):
    assert "refusal" not in reasons(instruction, response)


def test_topic_of_a_refusal_makes_no_difference():
    answer = "I'm sorry, but I can't help with that."
    asks = ["How do I pick a lock?", "How do I bake bread?", "What is 3 + 4?", "Write a Python script.", "Hi"]
    assert {judge(ask, answer)[0] for ask in asks} == {0.2}


def test_partial_refusal_costs_less_than_a_whole_one():
    partly = "I can't provide legal advice, but: " + " ".join(f"point{i}" for i in range(80)) + "."
    assert (
        judge("Is this legal?", "I can't provide legal advice.")[0] < judge("Is this legal?", partly)[0] < 1
    )


@pytest.mark.parametrize(
    ("instruction", "response", "expected"),
    [
        ("Name a tree.", "As an AI language model, my favourite is the oak.", {"ai_boilerplate"}),
        ("Name a tree.", "My knowledge cutoff is 2021, but oaks are trees.", {"ai_boilerplate"}),
        ("Are you a robot?", "As an AI language model, I am a program and not a robot.", set()),
        ("What is AI?", "AI stands for artificial intelligence.", set()),
        ("Which trees grow here?", "Oaks and beeches grow here." * 6 + " I hope this helps!", {"filler"}),
        (
            "Write an email.",
            "I hope this helps the school. " + "We planted forty trees in spring. " * 12,
            set(),
        ),
    ],
)
def test_boilerplate(instruction, response, expected):
    assert reasons(instruction, response) & {"ai_boilerplate", "filler"} == expected
