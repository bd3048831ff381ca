"""Output script descriptors (BIP380 to BIP386)."""

from moneyrocket.script.descriptors.checksum import descriptor_checksum, with_checksum
from moneyrocket.script.descriptors.errors import DescriptorError
from moneyrocket.script.descriptors.expressions import Descriptor, Expansion
from moneyrocket.script.descriptors.infer import infer_descriptor
from moneyrocket.script.descriptors.parser import check_checksum, parse_descriptor, parse_descriptors

__all__ = [
    "Descriptor",
    "DescriptorError",
    "Expansion",
    "check_checksum",
    "descriptor_checksum",
    "infer_descriptor",
    "parse_descriptor",
    "parse_descriptors",
    "with_checksum",
]
