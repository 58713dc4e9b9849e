"""One interface over local and remote language models: OpenAI's API, metered to the token."""
