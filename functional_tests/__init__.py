"""Black-box tests of the executables."""
