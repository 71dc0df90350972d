"""`python -m ml`: what the web page does, from the command line."""

from ml.cli import main

main(prog_name="python -m ml")
