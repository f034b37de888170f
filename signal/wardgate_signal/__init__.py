"""What a series of readings means: numbers to findings. Knows numpy and nothing else."""
