"""A model whose every answer is given: what scorers make of answers, without the model."""

from laserdb.backends.base import Backend, BackendOptions, Generation


class Scripted(Backend):
    """Answers with `answer(prompt as text, schema)`: a string, or an error; keeps what it was asked."""

    name = "scripted"

    def __init__(self, answer):
        super().__init__(BackendOptions("scripted"))
        self.answer = answer
        self.asked = []

    @property
    def identity(self):
        return {"backend": self.name, "model": "scripted", "revision": "1", "dtype": "none"}

    def generate(self, prompts, options):
        told = []
        for prompt in prompts:
            self.asked.append((prompt, options))
            said = self.answer(prompt, options)
            told.append(Generation(said, "stop", 1, 1) if isinstance(said, str) else said)
        return told


def scripted(scorer, answer):
    """The scorer with a model that answers so."""
    scorer._backend = Scripted(answer)
    return scorer
