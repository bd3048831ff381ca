"""Small building blocks that know nothing of node or wallet."""
