"""From schema files to a package of generated modules."""

from collections.abc import Sequence
from pathlib import Path

from libmultiprocess.errors import SchemaError
from libmultiprocess.mpgen.copies import import_cycles, schema_copies
from libmultiprocess.mpgen.model import NodeModel
from libmultiprocess.mpgen.module import ModuleWriter
from libmultiprocess.mpgen.reader import Reader

_INIT = '"""Proxies written by mpgen: edits are lost at the next build."""\n'


def generate(
    schemas: Sequence[Path], out: Path, import_prefix: str = "", import_dirs: Sequence[Path] = ()
) -> list[Path]:
    """Write one module for each schema file, and copies of what it needs beside it, into the package ``out``.

    Files that would not change are left alone.

    Args:
        schemas: schema files; those that import one another belong into one run.
        out: the package's folder.
        import_prefix: the package's dotted name.
        import_dirs: where absolute imports in schemas are looked for.

    Returns:
        The files that were written.

    Raises:
        SchemaError: if a schema is not valid, or does not fit the classes it wraps.
    """
    reader = Reader(tuple(import_dirs))
    models = reader.read_all(schemas)
    nodes: dict[int, NodeModel] = {node.id: node for model in models for node in (*model.interfaces, *model.structs)}
    texts = {out / "__init__.py": _INIT}
    for name, text in schema_copies(schemas, import_dirs).items():
        texts[out / name] = text
    cycles = import_cycles(schemas, import_dirs)
    for model in models:
        writer = ModuleWriter(model, nodes, import_prefix, reader, cycles[model.path])
        path = out / f"{model.module}.py"
        if path in texts:
            raise SchemaError(f"{model.path}: {path.name} is already the module of another file")
        texts[path] = writer.write()
    out.mkdir(parents=True, exist_ok=True)
    return [path for path, text in texts.items() if _write(path, text)]


def _write(path: Path, text: str) -> bool:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True
