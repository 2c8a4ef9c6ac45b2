"""Offline benchmarks: MVBench, TempCompass, Video-MME, LongVideoBench, and retention on the held-out set."""
