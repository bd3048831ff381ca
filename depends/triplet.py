"""Host triplets: `<architecture>-<system>-<abi>`, without a vendor field."""

import platform

from depends.errors import OptionError, ToolchainError

_ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}


def machine_triplet() -> str:
    """Returns the triplet of this machine, for example `x86_64-linux-gnu`.

    Raises:
        ToolchainError: The operating system is not supported.
    """
    machine = platform.machine().lower()
    architecture = _ARCHITECTURES.get(machine, machine)
    system = platform.system()
    if system == "Linux":
        abi = "gnu" if platform.libc_ver()[0] == "glibc" else "musl"
        return f"{architecture}-linux-{abi}"
    if system == "Darwin":
        return f"{architecture}-apple-darwin"
    raise ToolchainError(f"{system} is not supported: build on Linux or macOS")


def normalize_triplet(text: str) -> str:
    """Drops the vendor field of a four-part triplet and evens out architecture names.

    Raises:
        OptionError: `text` has not the form of a triplet.
    """
    parts = text.lower().split("-")
    if len(parts) == 4:
        del parts[1]
    if len(parts) != 3 or not all(parts):
        raise OptionError(f"HOST={text}: expected a triplet like {machine_triplet()}")
    parts[0] = _ARCHITECTURES.get(parts[0], parts[0])
    return "-".join(parts)


def host_triplet(requested: str | None) -> str:
    """Returns the triplet to build for.

    Raises:
        OptionError: Another machine's triplet is requested: wheels with native code are built with the running
            Python, so a cross build would need the other machine's Python too.
    """
    here = machine_triplet()
    if requested is None:
        return here
    wanted = normalize_triplet(requested)
    if wanted != here:
        raise OptionError(f"HOST={requested}: cross builds are not done yet; this machine builds {here} only")
    return here
