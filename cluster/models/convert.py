"""From a GGUF file to the folder that vLLM serves: `python -m cluster.models.convert FILE FOLDER`.

transformers de-quantises while it reads. The result is copied into a fresh model, since the one it gives still says
of itself that it is quantised, and vLLM would believe it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).with_name("chatml.jinja")


def convert(weights: Path, target: Path) -> None:
    """Write configuration, tokenizer, chat template and weights (safetensors, float32) into `target`."""
    os.environ["HF_HUB_OFFLINE"] = "1"  # everything is in the file
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

    read: Any = AutoModelForCausalLM.from_pretrained(weights.parent, gguf_file=weights.name)
    described = read.config.to_dict()
    described.pop("quantization_config", None)
    described.pop("_name_or_path", None)
    model: Any = LlamaForCausalLM(LlamaConfig(**described))
    model.load_state_dict(read.state_dict(), strict=True)
    model.save_pretrained(target)
    tokenizer: Any = AutoTokenizer.from_pretrained(weights.parent, gguf_file=weights.name)
    tokenizer.chat_template = TEMPLATE.read_text()
    tokenizer.save_pretrained(target)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
