"""What CI runs: each job is a Nox session and runs the same on a laptop."""
