"""`reappraise calibrate` as it is typed: what it prints, how it is interrupted, what it refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reappraise import kinds
from reappraise.cli import main
from support.calibration_toy import Toy

SCRIPT = """
import reappraise.kinds
from support.calibration_toy import Toy
reappraise.kinds.calibrations = lambda: (Toy(seconds={seconds}, narrow={narrow}),)
from reappraise.cli import main
main()
"""


def command(*words: str | Path, seconds: float = 0.0, narrow: float = 1.0) -> subprocess.Popen[str]:
    script = SCRIPT.format(seconds=seconds, narrow=narrow)
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-c", script, "calibrate", *map(str, words)],
        stdin=subprocess.DEVNULL,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
        start_new_session=True,
    )


def living(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.sampling
@pytest.mark.parametrize(("narrow", "code"), [(1.0, 0), (0.5, 1)])
def test_it_prints_its_verdict_and_nothing_else(tmp_path: Path, narrow: float, code: int) -> None:
    asked = command("toy", "--datasets", "80", "--out", tmp_path / "out", narrow=narrow)
    out, err = asked.communicate(timeout=300)
    assert (asked.returncode, err) == (code, "")
    assert ("NOT CALIBRATED" in out) is (code == 1)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["toy.json", "toy.png"]


@pytest.mark.sampling
def test_an_interrupt_ends_it_tidily_and_it_goes_on(tmp_path: Path) -> None:
    asked = command("toy", "--datasets", "40", "--out", tmp_path, seconds=0.2)
    partial = tmp_path / "toy.partial.jsonl"
    ends = time.monotonic() + 240
    while not (partial.exists() and len(partial.read_bytes().splitlines()) > 3):
        assert time.monotonic() < ends
        assert asked.poll() is None
        time.sleep(0.05)
    os.killpg(asked.pid, signal.SIGINT)  # as a terminal does: to the workers too
    out, err = asked.communicate(timeout=60)
    assert (asked.returncode, out) == (130, "")
    assert err == f"reappraise: interrupted; what arrived is kept in {tmp_path}, run again to go on.\n"
    kept = [json.loads(line) for line in partial.read_text(encoding="utf-8").splitlines()]
    assert len(kept) > 3
    ends = time.monotonic() + 20
    while living(asked.pid):
        assert time.monotonic() < ends, "processes were left behind"
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nonsense",), "one of toy"),
        (("toy", "--datasets", "3"), "datasets"),
        (("toy", "--workers", "0"), "workers"),
        (("toy", "--scheduler", "tcp://127.0.0.1:9", "--workers", "2"), "got both"),
        (("toy", "--scheduler", "nonsense"), "no Dask scheduler answers"),
        (("toy", "--out", os.devnull), "expected a folder"),
        (("toy", "--out", "/proc/nowhere"), "cannot be read or written"),
    ],
)
def test_bad_input_is_one_message_and_exit_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    said: str,
) -> None:
    where = () if "--out" in words else ("--out", str(tmp_path / "out"))
    monkeypatch.setattr(kinds, "calibrations", lambda: (Toy(),))
    monkeypatch.setattr(sys, "argv", ["reappraise", "calibrate", *words, *where])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capfd.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err
