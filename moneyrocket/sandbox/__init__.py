"""Keeps a process from what is none of its business: rules (Landlock, seccomp), and a launcher outside of them."""
