"""One measurement in a process of its own: prepares, says so, waits for its turn, measures, writes down.

`python -m benchmarks.devices.child FOLDER` reads `request.json` there. It makes the file `ready`, waits for the file
`go`, and leaves `result.json`. It ends by itself when the process that started it is gone.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Final

REQUEST, READY, GO, RESULT = "request.json", "ready", "go", "result.json"
_PAUSE: Final = 0.02


def main() -> None:
    folder = Path(sys.argv[1])
    request = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    parent = os.getppid()
    began = time.monotonic()
    try:
        measurement = _measurement(request)
        measurement.prepare()
        prepared = round(time.monotonic() - began, 2)
        (folder / READY).touch()
        while not (folder / GO).exists():
            if os.getppid() != parent:
                return
            time.sleep(_PAUSE)
        result = {**measurement.measure(), "seconds_to_prepare": prepared}
    except Exception as error:
        from benchmarks.devices.measuring import in_words

        result = {"error": in_words(error)}
    unfinished = folder / f"{RESULT}.part"
    unfinished.write_text(json.dumps(result), encoding="utf-8")
    unfinished.rename(folder / RESULT)
    sys.stdout.flush()
    # Nothing is left to be done, and taking a compiler's processes down may hang.
    os._exit(0)


def _measurement(request: dict[str, Any]) -> Any:
    from benchmarks.devices.comparing import Comparing
    from benchmarks.devices.entries import load_entries
    from benchmarks.devices.measuring import Measurement

    known = load_entries(Path(request["entries"]))
    device, seconds = request["device"], request["seconds"]
    for comparison in known.comparisons:
        if comparison.name == request["name"]:
            return Comparing(comparison, device, seconds=seconds)
    (entry,) = (entry for entry in known.entries if entry.name == request["name"])
    if request["batch_size"] is not None:
        entry = entry.model_copy(update={"batch_size": request["batch_size"]})
    return Measurement(entry, device, is_compiled=request["compile"], seconds=seconds)


if __name__ == "__main__":
    main()
