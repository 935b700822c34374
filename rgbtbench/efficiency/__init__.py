"""What a model costs: parameters, FLOPs, latency, memory, each under conditions that are stated with it."""
