"""What is said can be printed on every terminal, and on none."""

import os
import subprocess
import sys

import pytest

from reslib.terminal import printable

SAID = "✓ ✗ … – ± · ≥ ≤ × ² √ γ “word” − é"


class Stream:
    def __init__(self, encoding):
        self.encoding = encoding


@pytest.mark.parametrize(
    "encoding", ["utf-8", "ascii", "cp1252", "cp932", "cp949", "cp1251", "cp437", "gbk"]
)
def test_what_a_code_page_can_show_stays_and_the_rest_becomes_plain(encoding):
    text = printable(SAID, Stream(encoding))
    text.encode(encoding)  # raises where it cannot be shown
    kept = [c for c in SAID if c.encode(encoding, "ignore")]
    assert [c for c in text if c in SAID and ord(c) > 127] == [c for c in kept if ord(c) > 127]


def test_signs_keep_their_meaning_in_ascii():
    plain = '[right] [wrong] ... - +- . >= <= x ^2 sqrt gamma "word" - e'
    assert printable(SAID, Stream("ascii")) == plain
    assert printable("学", Stream("ascii")) == "?"


@pytest.mark.parametrize("stream", [Stream(None), object()])
def test_a_stream_without_an_encoding_gets_the_text_as_it_is(stream):
    assert printable(SAID, stream) == SAID


SAY = """
from reslib.claims import claim
from reslib.exercises import check, compare, hint
print(check("02.1", lambda x, y, z: (x * z, x * z, (x + y) * x)))
print([check("02.1", lambda x, y, z: (x * z + (x + y) * z, x * z, (x + y) * x))])
hint("02.3")
compare("√2 ± ¼", "≥ γ²")
claim("00.1", "β² ≥ 3", [3.4, 3.5, 3.6, 3.5], at_least=3)
"""


@pytest.mark.parametrize("encoding", ["cp932", "cp1252", "ascii"])
def test_verdicts_hints_predictions_and_claims_print_in_any_code_page(encoding, tmp_path):
    variables = {"PYTHONIOENCODING": encoding, "RESLIB_PROGRESS": str(tmp_path / "progress.json")}
    run = subprocess.run(
        [sys.executable, "-c", SAY], env=os.environ | variables, capture_output=True, check=True
    )
    said = run.stdout.decode(encoding)
    assert "[wrong] 02.1" in said and "[[right] 02.1" in said
    assert "Hint 1 of 2" in said and "[right] 00.1" in said


def test_without_standard_streams_a_verdict_is_a_verdict(tmp_path):
    """As under `pythonw`, where `sys.stdout` and `sys.stderr` are None."""
    lines = f"import sys; sys.stdout = sys.stderr = None\n{SAY}"
    done = lines + f"open({str(tmp_path / 'done')!r}, 'w').close()\n"
    (tmp_path / "file").write_text("")  # so that progress cannot be kept, and a warning is due
    variables = {"RESLIB_PROGRESS": str(tmp_path / "file" / "progress.json")}
    subprocess.run([sys.executable, "-c", done], env=os.environ | variables, check=True)
    assert (tmp_path / "done").exists()
