"""Scripts: opcodes, templates, addresses, keys, signing, descriptors and verification."""
