"""The generator: schema files in, proxy modules out."""

from libmultiprocess.mpgen.generate import generate

__all__ = ["generate"]
