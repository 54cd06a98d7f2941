"""The interpreter gives what Python gives, refuses what isn't supported, and ends soon whatever it runs."""

import ast
import textwrap

import pytest

from laserdb.scorers.checks.trial import GaveUpError, Program

PROGRAMS = """
def f(n):
    total = 0
    for i in range(1, n + 1):
        if i % 2: continue
        total += i
    return total
---
def f(n):
    a, b = 0, 1
    while n:
        a, b, n = b, a + b, n - 1
    else:
        a += 100
    return a
---
def f(n):
    return f(n - 1) * n if n > 1 else 1
---
from collections import Counter, defaultdict
def f(n):
    d = defaultdict(list)
    for c in 'banana'[:n]: d[c].append(n)
    return sorted(d.items()), Counter('banana').most_common(n)
---
import math
def f(n):
    try:
        return math.sqrt(-n), 1 // 0
    except (ValueError, ZeroDivisionError) as e:
        return str(e)
    finally:
        n += 1
---
def f(n):
    *head, last = [x * y for x in range(n) for y in range(x) if x != y]
    return head[::-1], {last: f'{last:>4}|{n!r}'}
---
LIMIT = 3
def f(n):
    global LIMIT
    LIMIT += n
    def g():
        nonlocal n
        n += LIMIT
    g()
    return n
---
def f(n, *rest, key=lambda v: -v, **more):
    return sorted([n, *rest, 2], key=key), more
---
def f(n):
    xs = list(map(str, range(n)))
    xs[1:2] = ['a', 'b']
    del xs[0]
    ys = xs
    ys += ['z']
    return ','.join(xs), any(x == 'z' for x in xs), 0 <= n < 9 and not n == 3
---
from functools import lru_cache, reduce
@lru_cache(maxsize=None)
def f(n):
    return n if n < 2 else f(n - 1) + f(n - 2)
---
def f(n):
    if (m := n * 2) > 5:
        raise ValueError('big')
    assert m
    return [m] * n
---
def f(n):
    best = None
    for i, (a, b) in enumerate(zip('abc', [3, 1, 2])):
        if best is None or b < best[1]: best = (a, b, i)
        if i == n: break
    else:
        return 'all'
    return best
---
import re
def f(n):
    m = re.search(r"\\d+", "ab12c3")
    return re.sub("[aeiou]", "-", "banana"[:n]), m.group() if m else None, bool(re.match("z", "a"))
""".split("---\n")  # noqa: SIM905 - programs of several lines are best read so


@pytest.mark.parametrize("source", PROGRAMS)
def test_as_python_does(source):
    names: dict = {}
    exec(source, names)
    program = Program(ast.parse(source))
    for n in range(1, 6):
        try:
            expected = names["f"](n)
        except Exception as error:
            expected = type(error)
        try:
            found = program.evaluate(ast.parse(f"f({n})", mode="eval").body)
        except Exception as error:
            found = type(error)
        assert found == expected


REFUSED = [
    "import os\nx = os.getcwd()",
    "x = open('f')",
    "x = ().__class__.__bases__",
    "x = '{0.__class__}'.format(1)",
    "x = eval('1')",
    "x = str.__subclasses__()",
    "def f(): yield 1",
    "class A: pass",
    "with a: pass",
    "import subprocess\nsubprocess.run('ls')\nx = subprocess.run",
    "x = (lambda: 0).__globals__",
    "from os import system",
]


@pytest.mark.parametrize("source", REFUSED)
def test_refused(source):
    with pytest.raises((GaveUpError, NameError)):
        Program(ast.parse(source))


COSTLY = [
    "while True: pass",
    "x = 10 ** 10 ** 10",
    "x = 1 << 10 ** 10",
    "x = 'a' * 10 ** 10",
    "x = [0] * 10 ** 10",
    "x = sum(range(10 ** 12))",
    "x = list(range(10 ** 12))",
    "x = set().union(range(10 ** 12))",
    "import itertools\nx = list(itertools.count())",
    "import itertools\nx = list(itertools.islice(itertools.count(), 10 ** 9, None))",
    "import itertools\nx = sorted(itertools.permutations(range(12)))",
    "x = 5 in iter(map(lambda v: 9, range(10 ** 9)))",
    "x = '%1000000000d' % 1",
    "x = f'{1:>1000000000}'",
    "x = '{:1000000000}'.format(1)",
    "x = '{:{w}}'.format(1, w=10 ** 9)",
    "x = str.format('{:>{}}', 'a', 10 ** 9)",
    "x = 'a'.ljust(10 ** 9)",
    "x = 'a' * 9999\nx = x.replace('a', x)",
    "x = ('a' * 9999).join(['a' * 9999] * 9999)",
    "import math\nx = math.factorial(10 ** 7)",
    "import math\nx = math.prod(range(1, 10 ** 6))",
    "x = []\nfor i in range(60): x = [x, x]\ny = str(x)",
    "x, y = [], []\nfor i in range(60): x, y = [x, x], [y, y]\nz = x == y",
    "def f(n): return f(n + 1)\nx = f(0)",
    "import re\nx = re.match('(a+)+b', 'a' * 90)",
    "import re\nx = re.match('a*a*a*a*a*b', 'a' * 190)",
    "import re\nx = re.sub('a', 'b', 'a' * 9999)",
    "x = [1] * 9999\nwhile True: x = sorted(x)",
    "x = sum([[0] * 9999] * 9999, [])",
    "from functools import reduce\nx = reduce(lambda a, b: a + b, [[0] * 9999] * 9999)",
    "import itertools\nx = list(itertools.accumulate([[0] * 9999] * 9999))",
    "import itertools\nx = list(itertools.product(range(99), repeat=99))",
    "import itertools\nx = itertools.product(range(1000), repeat=10 ** 9)",
]


@pytest.mark.parametrize("source", COSTLY)
def test_costly_programs_are_given_up(source):
    # In vain, most of them would take hours or all memory.
    with pytest.raises(GaveUpError):
        Program(ast.parse(textwrap.dedent(source)))
