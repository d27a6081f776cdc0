"""All benchmarks, one after the other: speed first, while the machine is quiet. ``--quick`` for a short look.

A name in front runs that one alone: ``python3 run.py bench classroom``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    names, options = ("speed.py", "learning.py", "minigrid_agent.py", "missions.py", "generated.py",
                       "options.py", "life.py"), sys.argv[1:]
    if options and (here / f"{options[0]}.py").is_file():
        names, options = (f"{options[0]}.py",), options[1:]
    codes = [subprocess.call([sys.executable, str(here / name), *options]) for name in names]
    sys.exit(max(codes))
