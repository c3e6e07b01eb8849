"""`python -m batch`: the same command as `postbatch`."""

from __future__ import annotations

from batch.cli import main

if __name__ == "__main__":
    main()
