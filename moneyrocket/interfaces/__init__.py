"""The boundaries between node, wallet and GUI: abstract classes that say nothing about processes."""
