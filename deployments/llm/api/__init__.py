"""OpenAI's forms: requests, answers, streams, errors."""
