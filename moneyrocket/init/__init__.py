"""One module an executable, and the start-up and shutdown they share."""
