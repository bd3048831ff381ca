"""How long calls between processes take."""
