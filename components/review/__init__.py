"""Labels looked at by people: a page on loopback, its verdicts, and how far reviewers agree."""
