"""Runs where vLLM is installed: writes a LoRA adapter of random numbers, as PEFT would save it, into a folder.

It teaches nothing: it makes a model talk differently, so that a test can see whose adapter answered.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

RANK = 8
SCALE = 8.0


def write(model: Path, folder: Path) -> None:
    """An adapter for the attention of every layer."""
    import torch
    from safetensors.torch import save_file

    described = json.loads((model / "config.json").read_text())
    hidden, layers, size = described["hidden_size"], described["num_hidden_layers"], described["head_dim"]
    widths = {"q_proj": described["num_attention_heads"] * size, "v_proj": described["num_key_value_heads"] * size}
    torch.manual_seed(7)
    weights = {}
    for layer in range(layers):
        for name, width in widths.items():
            prefix = f"base_model.model.model.layers.{layer}.self_attn.{name}"
            weights[f"{prefix}.lora_A.weight"] = torch.randn(RANK, hidden) / hidden**0.5
            weights[f"{prefix}.lora_B.weight"] = torch.randn(width, RANK) / RANK**0.5
    folder.mkdir(parents=True)
    save_file(weights, str(folder / "adapter_model.safetensors"))
    (folder / "adapter_config.json").write_text(
        json.dumps(
            {
                "peft_type": "LORA",
                "task_type": "CAUSAL_LM",
                "base_model_name_or_path": str(model),
                "r": RANK,
                "lora_alpha": RANK * SCALE,
                "target_modules": sorted(widths),
                "bias": "none",
                "lora_dropout": 0.0,
            }
        )
    )


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
