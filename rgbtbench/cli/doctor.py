"""`rgbtbench doctor`: what is installed, what is missing, what to do."""

from __future__ import annotations

import typer

from rgbtbench.cli.output import JsonOption, print_json, print_table


def doctor(as_json: JsonOption = False) -> None:
    """Check the installation and say how to mend what is missing.

    Example: rgbtbench doctor
    """
    from rgbtbench.diagnosis import diagnose

    findings = diagnose()
    if as_json:
        print_json([finding.to_json() for finding in findings])
    else:
        print_table(["", "what", "found", "what to do"], [[f.state, f.what, f.found, f.remedy] for f in findings])
    if any(finding.state == "broken" for finding in findings):
        raise typer.Exit(1)
