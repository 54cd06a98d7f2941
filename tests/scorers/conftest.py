import sys

import pytest


@pytest.fixture(autouse=True)
def _one_thread(request):
    """Tiny models on one thread: on several, each operation waits for whoever else uses the cores."""
    torch = sys.modules.get("torch")
    if torch is None or request.node.get_closest_marker("models") or request.node.get_closest_marker("vllm"):
        yield
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
