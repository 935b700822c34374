"""Lets `python -m rgbtbench` stand for `rgbtbench`."""

from rgbtbench.cli import main

if __name__ == "__main__":
    main()
