from moneyrocket.cli import verbatim_json


def test_numbers_keep_their_spelling() -> None:
    text = '{"a":1.50000000,"b":[4.65e-10,0,{}],"c":"\u20bf"}'

    assert verbatim_json.dumps(verbatim_json.loads(text)) == text


def test_layout() -> None:
    value = verbatim_json.loads('{"a":[],"b":{},"c":[1,{"d":null}]}')

    assert verbatim_json.dumps(value, pretty=True).splitlines() == [
        "{",
        '  "a": [',
        "  ],",
        '  "b": {',
        "  },",
        '  "c": [',
        "    1,",
        "    {",
        '      "d": null',
        "    }",
        "  ]",
        "}",
    ]
