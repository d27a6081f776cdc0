"""All benchmarks, one after the other: speed first, while the machine is quiet. ``--quick`` for a short look."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    names = ("speed.py", "learning.py", "minigrid_agent.py", "generated.py")
    codes = [subprocess.call([sys.executable, str(here / name), *sys.argv[1:]]) for name in names]
    sys.exit(max(codes))
