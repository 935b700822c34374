"""What every refusal owes its reader."""

import contextlib

import pytest

from rgbtbench.errors import UserError


@contextlib.contextmanager
def refused(file, *said, kind=UserError):
    """Expect an error of one line that names `file`, says `said` and what to do next."""
    with pytest.raises(kind) as caught:
        yield
    message = str(caught.value)
    assert str(file) in message
    assert caught.value.remedy, message
    assert "\n" not in message.replace(caught.value.remedy, "")  # a remedy may show a whole file to write
    assert caught.value.remedy in message
    for part in said:
        assert part in message
