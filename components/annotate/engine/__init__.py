"""The label engine: the paper's tasks as staged pipelines that ask OpenAI-compatible endpoints."""
