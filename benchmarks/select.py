"""The selection benchmark (selection.py) by its name: python benchmarks/select.py --help

The standard library has a module of this name, which subprocess imports: Python looks for it here first when
a script of this folder runs, so that this file must hand it on.
"""

from __future__ import annotations

import importlib
import sys

HERE = sys.path.pop(0)
sys.modules.pop("select", None)
sys.modules["select"] = importlib.import_module("select")
sys.path.insert(0, HERE)

if __name__ == "__main__":
    from selection import main

    main()
