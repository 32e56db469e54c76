"""Every flag of `infra/vllm/*.toml` and its value, read by the parser of the vLLM that is installed."""

import json
import subprocess
from pathlib import Path

import pytest

from infra import vllm_cpu
from infra.vllm_settings import load_card

FILES = sorted((vllm_cpu.ROOT / "infra" / "vllm").glob("*.toml"))
READS = """
import json, sys
from vllm.entrypoints.launchers.cli_args import make_arg_parser
from vllm.utils.argparse_utils import FlexibleArgumentParser
parser, known = make_arg_parser(FlexibleArgumentParser()), []
for arguments in json.load(sys.stdin):
    try:
        parser.parse_args(arguments)
        known.append(True)
    except SystemExit:
        known.append(False)
print(json.dumps(known))
"""


def known_to_vllm(commands: list[list[str]]) -> list[bool]:
    if not vllm_cpu.is_ready():
        pytest.skip("vLLM is not set up: make test-vllm")
    command = [str(vllm_cpu.ENVIRONMENT / "bin" / "python"), "-c", READS]
    done = subprocess.run(command, input=json.dumps(commands), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    known: list[bool] = json.loads(done.stdout.splitlines()[-1])
    return known


def test_vllm_knows_every_flag_and_value_and_no_others() -> None:
    cards = [load_card(path) for path in FILES]
    commands = [one.arguments(Path("/srv/models")) for card in cards for one in card.instances]
    wrong = [[*commands[0], "--no-such-flag"], [*commands[0], "--structured-outputs-config.backend", "none"]]
    known = known_to_vllm([*commands, *wrong])
    assert dict(zip(map(" ".join, commands), known, strict=False)) == {
        " ".join(one): True for one in commands
    }
    assert known[-2:] == [False, False]
