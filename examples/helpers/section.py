"""Writes one section of a file, while others write theirs: `section.py FILE SECTION`."""

import fcntl
import os
import sys

path, section = sys.argv[1:]
lock = os.open(os.path.dirname(path), os.O_RDONLY)
fcntl.flock(lock, fcntl.LOCK_EX)
with open(path) as file:
    text = file.read()
draft = f"{path}.{section}"
with open(draft, "w") as file:
    file.write(text.replace(f"## {section}\n", f"## {section}\n\nAll about {section}.\n\n"))
os.replace(draft, path)
