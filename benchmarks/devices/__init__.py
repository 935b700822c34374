"""What training and prediction of the whole zoo cost on one device: throughput, memory and latency, as one file."""
