"""`python -m flows.cli` is `palate`."""

from flows.cli.main import main

if __name__ == "__main__":
    main()
