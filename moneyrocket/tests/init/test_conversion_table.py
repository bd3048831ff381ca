"""moneyrocket-cli's table of JSON parameters against what the methods themselves declare."""

from moneyrocket.cli.conversions import Format, conversions
from moneyrocket.init.node_methods import node_methods
from moneyrocket.wallet.rpc.methods import METHODS as WALLET_METHODS


def declared() -> dict[str, list[tuple[int, str, bool]]]:
    result: dict[str, list[tuple[int, str, bool]]] = {}
    maps = [method.argument_map() for method in node_methods()]
    maps += [method.argument_map() for method in WALLET_METHODS]
    for rows in maps:
        assert isinstance(rows, list)
        for row in rows:
            assert isinstance(row, list)
            name, position, param, is_text = row
            assert isinstance(position, int)
            result.setdefault(str(name), []).append((position, str(param), bool(is_text)))
    return result


def test_parameters_that_are_json_are_converted() -> None:
    wrong = []
    for method, rows in declared().items():
        if method == "echo":
            continue
        known = {(entry.position, entry.name): entry.format for entry in conversions(method)}
        for position, name, is_text in rows:
            converted = known.get((position, name), Format.TEXT) is not Format.TEXT
            if converted is is_text and not (
                method == "echojson" or known.get((position, name)) is Format.JSON_OR_TEXT
            ):
                wrong.append(f"{method} {position} {name}: {'text' if is_text else 'JSON'} for the method")

    assert wrong == []


def test_the_table_has_no_parameters_that_methods_lack() -> None:
    wrong = [
        f"{method} {entry.position} {entry.name}"
        for method, rows in declared().items()
        for entry in conversions(method)
        if (entry.position, entry.name) not in {(position, name) for position, name, _ in rows}
    ]

    assert wrong == []
