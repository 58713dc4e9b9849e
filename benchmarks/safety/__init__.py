"""How well texts are judged: orders to a model, support in sources, copied passages, quiz keys."""
