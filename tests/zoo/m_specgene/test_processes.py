from __future__ import annotations

import subprocess
import sys

#: Two processes, each with half of the tokens, and what one process has of all of them.
SCRIPT = """
import torch
from torch import distributed
from rgbtbench.zoo.m_specgene.config import MSpecGeneConfig
from rgbtbench.zoo.m_specgene.masker import make_masker
torch.set_num_threads(1)
scale = torch.linspace(1, 4, 4).view(1, 4, 1, 1)
tokens = torch.randn(2, 4, 196, 16, generator=torch.Generator().manual_seed(1)) * scale
def run(rows):
    torch.manual_seed(2)
    masker = make_masker(MSpecGeneConfig())
    for step in range(3):
        masker.begin_step(step / 100)
        masker.choose(*tokens[:, rows])
        losses = torch.arange(4.0)[rows].mean()
        masker.observe(losses, 2 * losses)
    return masker.state()
whole = run(slice(None))
distributed.init_process_group("gloo")
rank = distributed.get_rank()
part = run(slice(rank, None, 2))
def flat(value):
    if isinstance(value, dict):
        return [number for item in value.values() for number in flat(item)]
    return [number for item in value for number in flat(item)] if isinstance(value, list) else [value]
torch.testing.assert_close(torch.tensor(flat(part)), torch.tensor(flat(whole)), rtol=1e-6, atol=1e-9)
print(part, flush=True)
distributed.barrier()
"""


def test_all_processes_have_one_mixture_and_one_curriculum_those_of_the_whole_batch(tmp_path):
    (tmp_path / "share.py").write_text(SCRIPT)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    said = subprocess.run(
        [*launcher, str(tmp_path / "share.py")], check=True, capture_output=True, text=True, timeout=120
    ).stdout
    states = said.split("{'mixture'")[1:]
    assert len(states) == 2
    assert states[0].strip() == states[1].strip()
