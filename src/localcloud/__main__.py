"""`python -m localcloud` is `muneris`."""

from localcloud.cli import main

main()
