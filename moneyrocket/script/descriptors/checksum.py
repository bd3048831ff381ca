"""Descriptor checksums (BIP380)."""

INPUT_CHARSET = "0123456789()[],'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#\"\\ "
CHECKSUM_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
GENERATOR = (0xF5DEE51989, 0xA9FDCA3312, 0x1BAB10E32D, 0x3706B1677A, 0x644D626FFD)
LENGTH = 8

_POSITION = {character: index for index, character in enumerate(INPUT_CHARSET)}


def _step(state: int, value: int) -> int:
    top = state >> 35
    state = (state & 0x7FFFFFFFF) << 5 ^ value
    for bit, generator in enumerate(GENERATOR):
        if top >> bit & 1:
            state ^= generator
    return state


def descriptor_checksum(text: str) -> str:
    """The 8 characters that guard a descriptor against typing errors.

    Raises:
        ValueError: if ``text`` has a character that no descriptor has.
    """
    state, groups, count = 1, 0, 0
    for character in text:
        position = _POSITION.get(character)
        if position is None:
            raise ValueError("Invalid characters in payload")
        state = _step(state, position & 31)
        groups = groups * 3 + (position >> 5)
        count += 1
        if count == 3:
            state = _step(state, groups)
            groups = count = 0
    if count:
        state = _step(state, groups)
    for _ in range(LENGTH):
        state = _step(state, 0)
    state ^= 1
    return "".join(CHECKSUM_CHARSET[state >> 5 * (LENGTH - 1 - place) & 31] for place in range(LENGTH))


def with_checksum(text: str) -> str:
    """The descriptor followed by ``#`` and its checksum."""
    return f"{text}#{descriptor_checksum(text)}"
