"""Damage to lists, tables, XML and JSON: what editors, converters and attackers do to text."""

import json
import re

#: Words that stand in the place of a name or number.
ODD_WORDS = (
    *(
        "",
        "-1",
        "0",
        "1e400",
        "nan",
        "inf",
        "-Infinity",
        "9" * 5000,
        "1" * 400,
        "１２",
        "1_0",
        "0x10",
        "1e-400",
        "00001",
    ),
    *("../../../etc/passwd", "/etc/passwd", "..", ".", "~", "a/b", "a\\b", "C:\\x", "\0", "%s%n", "$(id)", "-rf"),
    *("é", "e\u0301", "\u202e", "\ufeff", "\u2028", "<script>", "&x;", "a" * 10_000, "true", "null", "None", "CON"),
)
ODD_VALUES = (
    *(None, True, False, 0, -1, 1.5, 10**30, 10**400, -(2**63), float("nan"), float("inf"), 1e308, "", "x", "1"),
    *([], {}, [[]], [None], [1, 2], [1, 2, 3, 4, 5], {"id": 1}, "../../../etc/passwd", "a\0b", "\ud800", "é" * 3000),
)
_WORD = re.compile(rb"[^\s<>,\"{}\[\]:]+")
_ELEMENT = re.compile(rb"<(\w+)[^<>]*>[^<>]*</\1>")
_TAG = re.compile(rb"</?\w+")
_DOCTYPES = (
    b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    b'<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;">]>',
    b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">',
)


def windows_line_ends(data, random):
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def byte_order_mark(data, random):
    return b"\xef\xbb\xbf" + data


def another_encoding(data, random):
    text = data.decode("utf-8", "replace")
    return text.encode(("utf-16", "utf-16-be", "utf-32", "utf-7", "cp500")[random.integers(5)])


def odd_line_ends(data, random):
    return data.replace(b"\n", (b"\r", b"\n\n", b"\x0b", b"\x1c", b"\xe2\x80\xa8", b"")[random.integers(6)])


def odd_bytes(data, random):
    at = random.integers(len(data) + 1)
    odd = (b"\0", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\x1b[2J", b"\t", b" ", b"\\", b'"', b"'", b",", b"&", b"<", b"#")
    return data[:at] + odd[random.integers(len(odd))] + data[at:]


def move_lines(data, random):
    """Delete, double, swap or empty lines, or add one of an odd word."""
    lines = data.splitlines(keepends=True)
    at, other = (int(random.integers(len(lines))) for _ in range(2))
    what = random.integers(5)
    if what == 0:
        del lines[at]
    elif what == 1:
        lines.insert(other, lines[at])
    elif what == 2:
        lines[at], lines[other] = lines[other], lines[at]
    elif what == 3:
        lines[at] = b"\n"
    else:
        lines.insert(at, _odd_word(random) + b"\n")
    return b"".join(lines)


def replace_a_word(data, random):
    words = list(_WORD.finditer(data))
    if not words:
        return _odd_word(random)
    word = words[random.integers(len(words))]
    return data[: word.start()] + _odd_word(random) + data[word.end() :]


def swap_words(data, random):
    words = list(_WORD.finditer(data))
    if len(words) < 2:
        return data * 2
    first, second = sorted(random.choice(len(words), 2, replace=False))
    a, b = words[first], words[second]
    return data[: a.start()] + b[0] + data[a.end() : b.start()] + a[0] + data[b.end() :]


def edit_structure(data, random):
    """Change elements of XML or parts of JSON; words of any other text."""
    start = data.lstrip()[:1]
    if start == b"<":
        return _edit_xml(data, random)
    if start in (b"{", b"["):
        return _edit_json(data, random)
    return replace_a_word(data, random)


def _odd_word(random):
    return ODD_WORDS[random.integers(len(ODD_WORDS))].encode()


def _edit_xml(data, random):
    elements, tags = list(_ELEMENT.finditer(data)), list(_TAG.finditer(data))
    what = random.integers(8)
    if what == 0:
        return _DOCTYPES[random.integers(3)] + data.replace(b"person", b"&x;")
    if what == 1:
        return data + b"<a/>"
    if what == 2 and tags:
        tag = tags[random.integers(len(tags))]
        return data[: tag.end()] + b"x" + data[tag.end() :]
    if not elements:
        return data[1:]
    element = elements[random.integers(len(elements))]
    inside = element[0]
    forms = (
        b"",
        inside * 2,
        b"<object>" + inside + b"</object>",
        b"<!-- -->" + inside.replace(b">", b"><![CDATA[", 1).replace(b"</", b"]]></", 1),
        b"<a>" * 3000 + inside + b"</a>" * 3000,
        inside[: inside.index(b">") + 1] + _odd_word(random).replace(b"<", b"&lt;") + inside[inside.rindex(b"</") :],
        inside.replace(b">", b' a="' + b"9" * 9999 + b'">', 1),
    )
    return data[: element.start()] + forms[random.integers(len(forms))] + data[element.end() :]


def _edit_json(data, random):
    try:
        content = json.loads(data)
    except ValueError:
        return data[1:]
    holders = [(None, None), *_places(content)]
    holder, key = holders[random.integers(len(holders))]
    what = random.integers(5)
    if holder is None:
        return (b"[" * 200_000, b"{}", b"[]", b"null", b'{"a":' * 50_000, data + data)[random.integers(6)]
    if what == 0:
        del holder[key]
    elif what == 1 and isinstance(holder, list):
        holder.insert(0, holder[key])
    elif what == 2:
        inner, other = holders[random.integers(1, len(holders))]
        holder[key] = json.loads(json.dumps(inner[other]))
    else:
        holder[key] = ODD_VALUES[random.integers(len(ODD_VALUES))]
    return json.dumps(content).encode()


def _places(content):
    """Yield container and key of every part."""
    for key, part in list(content.items() if isinstance(content, dict) else enumerate(content)):
        yield content, key
        if isinstance(part, dict | list):
            yield from _places(part)


#: Name to `damage(data, random) -> data`; `data` is never empty.
DAMAGES = {
    function.__name__: function
    for function in (
        windows_line_ends,
        byte_order_mark,
        another_encoding,
        odd_line_ends,
        odd_bytes,
        move_lines,
        replace_a_word,
        swap_words,
        edit_structure,
    )
}
