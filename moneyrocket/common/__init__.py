"""Settings, logging, clock and errors: what every process needs and no room owns."""
