"""Cap'n Proto's RPC protocol, level 1, between two parties. No input or output, nothing of libmultiprocess's own."""
