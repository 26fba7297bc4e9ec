"""``python -m cli`` is ``undercurrent``."""

from cli.main import main

if __name__ == "__main__":
    main()
