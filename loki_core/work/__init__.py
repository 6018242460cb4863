"""Sessions of work: what Loki Mode is told to build, its tasks, and how far it is. Read and written in `.loki/`."""
