"""Run a command and write its largest resident size to a file: ``python -m ... FILE COMMAND...``.

What the system tells of a child begins with the size of the process that started it, and a test
process is large; this one is small.
"""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
    _pid, status, usage = os.wait4(child, 0)
    Path(sys.argv[1]).write_text(str(usage.ru_maxrss))
    sys.exit(os.waitstatus_to_exitcode(status))
