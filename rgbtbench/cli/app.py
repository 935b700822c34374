"""The `rgbtbench` program: its verbs, and the one place where errors become exit codes."""

from __future__ import annotations

import os
import sys

import typer

from rgbtbench import __version__
from rgbtbench.cli import (
    audit,
    compare,
    costs,
    datasets,
    demo,
    doctor,
    evaluate,
    export,
    features,
    inspect,
    joint,
    leaderboard,
    match,
    models,
    needed,
    predict,
    prepare,
    protocols,
    report,
    reproduce,
    robustness,
    score,
    study,
    train,
    verify,
    weights,
)
from rgbtbench.errors import UserError

app = typer.Typer(
    help="Datasets, model zoo and trustworthy benchmarks for RGB-thermal and RGB-X vision.",
    epilog="Start with `rgbtbench demo`. Every command has --help with an example.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

DATA, MODEL, RESULT, HELP = "Data", "Models", "Results", "Getting started"

app.command("demo", rich_help_panel=HELP)(demo.demo)
app.command("doctor", rich_help_panel=HELP)(doctor.doctor)
datasets.app.command("joint")(joint.show_joint_classes)
app.add_typer(datasets.app, name="datasets", rich_help_panel=DATA)
app.command("prepare", rich_help_panel=DATA)(prepare.prepare)
app.command("verify", rich_help_panel=DATA)(verify.verify)
app.command("audit", rich_help_panel=DATA)(audit.audit)
app.command("inspect", rich_help_panel=DATA)(inspect.inspect)
app.command("export", rich_help_panel=DATA)(export.export)
models.app.command("flops")(costs.show_flops)
models.app.command("latency")(costs.show_latency)
models.app.command("profile")(costs.show_profile)
app.add_typer(models.app, name="models", rich_help_panel=MODEL)
app.command("train", rich_help_panel=MODEL)(train.train)
app.command("report", rich_help_panel=MODEL)(report.report)
app.command("study", rich_help_panel=MODEL)(study.study)
app.command("predict", rich_help_panel=MODEL)(predict.predict)
app.command("features", rich_help_panel=MODEL)(features.features)
app.add_typer(weights.app, name="weights", rich_help_panel=MODEL)
app.add_typer(protocols.app, name="protocols", rich_help_panel=RESULT)
app.command("eval", rich_help_panel=RESULT)(evaluate.evaluate)
app.command("robustness", rich_help_panel=RESULT)(robustness.robustness)
app.command("score", rich_help_panel=RESULT)(score.score)
app.command("reproduce", rich_help_panel=RESULT)(reproduce.reproduce)
app.command("match", rich_help_panel=RESULT)(match.match)
app.command("compare", rich_help_panel=RESULT)(compare.compare)
app.command("needed", rich_help_panel=RESULT)(needed.needed)
app.add_typer(leaderboard.app, name="leaderboard", rich_help_panel=RESULT)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"rgbtbench {__version__}")
        raise typer.Exit


@app.callback()
def program(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """Datasets, model zoo and trustworthy benchmarks for RGB-thermal and RGB-X vision."""


def main() -> None:
    """Run the program: exit code 0 on success, 2 on a mistake that the user can mend, 130 when interrupted."""
    try:
        app()
    except UserError as error:
        typer.echo(f"rgbtbench: error: {error}", err=True)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        typer.echo("rgbtbench: interrupted; what was finished is kept", err=True)
        raise SystemExit(130) from None
    except BrokenPipeError:
        # The reader (`head`) has left; anything still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
