#!/usr/bin/env python3
"""An independent maker of idem1 keys, to judge the Rust one by.

Written from docs/spec/key.md, with the standard library only. Reads vectors and checks the
preimage, digest and text of each:

    key_oracle.py FILE          a JSON array of vectors
    key_oracle.py -             one vector a line, from standard input
    key_oracle.py fingerprint   prints the frozen example of a fingerprint

Where PyPI's cbor2 can be imported, every preimage is encoded by it too.
"""

import hashlib
import hmac
import json
import math
import struct
import sys

try:
    import cbor2
except ImportError:
    cbor2 = None

sys.setrecursionlimit(10_000)
if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)

SOME_TAG = 0x6964656D
MAX_DEPTH = 128


class Refused(Exception):
    """The value has no key."""


class Some:
    def __init__(self, value):
        self.value = value


class Set:
    def __init__(self, items):
        self.items = items


class Keys:
    """A map with keys of any kind."""

    def __init__(self, pairs):
        self.pairs = pairs


# --- Reading ------------------------------------------------------------------------------------


def spelled(pairs):
    """One JSON object; one name that starts with `$` is a special spelling."""
    if not any(name.startswith("$") for name, _ in pairs):
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError(f"a name twice: {pairs}")
        return dict(pairs)
    if len(pairs) != 1:
        raise ValueError(f"a special spelling among others: {pairs}")
    (name, value), = pairs
    if name == "$f64":
        return struct.unpack(">d", int(value, 16).to_bytes(8, "big"))[0]
    if name == "$f32":
        return struct.unpack(">f", int(value, 16).to_bytes(4, "big"))[0]
    if name == "$bytes":
        return bytes.fromhex(value)
    if name == "$some":
        return Some(value)
    if name == "$set":
        return Set(value)
    if name == "$keys":
        return Keys(value)
    raise ValueError(f"unknown special spelling {name}")


def constant(text):
    raise ValueError(f"{text} is not JSON")


def read(text):
    return json.loads(text, object_pairs_hook=spelled, parse_constant=constant)


# --- Documents ----------------------------------------------------------------------------------


def reduce(value, depth=0):
    """The document that a value is: None, bool, int, float, str, list, dict, ("some", n), and
    ("set", list) until it is ordered."""
    if isinstance(value, Some):
        somes = 1
        while isinstance(value.value, Some):
            value, somes = value.value, somes + 1
        return ("some", somes) if value.value is None else reduce(value.value, depth)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        whole = math.isfinite(value) and value == math.trunc(value)
        return int(value) if whole and -(2**63) <= value < 2**64 else value
    if depth == MAX_DEPTH:
        raise Refused("Depth")
    if isinstance(value, (bytes, list)):
        return [reduce(item, depth + 1) for item in value]
    if isinstance(value, Set):
        items = [reduce(item, depth + 1) for item in value.items]
        items.sort(key=encode)
        if any(encode(a) == encode(b) for a, b in zip(items, items[1:])):
            raise Refused("DuplicateKey")
        return items
    pairs = value.items() if isinstance(value, dict) else value.pairs
    entries = {}
    for key, inner in pairs:
        name = spell(key)
        if name in entries:
            raise Refused("DuplicateKey")
        entries[name] = reduce(inner, depth + 1)
    return entries


def spell(key):
    if isinstance(key, Some):
        return spell(key.value)
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, int):
        return str(key)
    if isinstance(key, str):
        return key
    raise Refused("MapKey")


# --- Encoding -----------------------------------------------------------------------------------


def head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if n < 1 << (8 * size):
            return bytes([major << 5 | info]) + n.to_bytes(size, "big")
    raise AssertionError(n)


def encode_int(n):
    major, n = (0, n) if n >= 0 else (1, -1 - n)
    if n < 1 << 64:
        return head(major, n)
    digits = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return head(6, 2 + major) + head(2, len(digits)) + digits


def encode_float(x):
    if math.isnan(x):
        return bytes.fromhex("f97e00")
    for lead, form in ((0xF9, ">e"), (0xFA, ">f"), (0xFB, ">d")):
        try:
            digits = struct.pack(form, x)
        except OverflowError:
            continue
        if struct.unpack(form, digits)[0] == x:
            return bytes([lead]) + digits
    raise AssertionError(x)


def encode(doc):
    if doc is None:
        return b"\xf6"
    if doc is True or doc is False:
        return b"\xf5" if doc else b"\xf4"
    if isinstance(doc, int):
        return encode_int(doc)
    if isinstance(doc, float):
        return encode_float(doc)
    if isinstance(doc, str):
        text = doc.encode("utf-8")  # Strict: refuses lone surrogates.
        return head(3, len(text)) + text
    if isinstance(doc, list):
        return head(4, len(doc)) + b"".join(map(encode, doc))
    if isinstance(doc, dict):
        entries = sorted((encode(name), encode(value)) for name, value in doc.items())
        return head(5, len(entries)) + b"".join(name + value for name, value in entries)
    if isinstance(doc, tuple):
        return head(6, SOME_TAG) * doc[1] + b"\xf6"
    raise AssertionError(doc)


def through_cbor2(doc):
    """The same document by somebody else's encoder."""

    def convert(doc):
        if isinstance(doc, list):
            return [convert(item) for item in doc]
        if isinstance(doc, dict):
            return {name: convert(value) for name, value in doc.items()}
        if isinstance(doc, tuple):
            value = None
            for _ in range(doc[1]):
                value = cbor2.CBORTag(SOME_TAG, value)
            return value
        return doc

    return cbor2.dumps(convert(doc), canonical=True)


# --- Keys ---------------------------------------------------------------------------------------


def escape(text):
    if text in ("", "-"):
        return "%" if text == "" else "%2D"
    plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
    data = text.encode("utf-8")
    out = "".join(chr(b) if chr(b) in plain else f"%{b:02X}" for b in data)
    return out if len(out) <= 64 else "~" + hashlib.sha256(data).hexdigest()[:16]


class Maker:
    def __init__(self, mac):
        self.mac = mac

    def hash(self, data):
        if self.mac is None:
            return hashlib.sha256(data)
        return hmac.new(bytes.fromhex(self.mac[1]), data, hashlib.sha256)

    def document(self, vector):
        suite = "idem1" if self.mac is None else ["idem1-hmac", self.mac[0]]
        scope = vector["scope"]
        if scope is not None:
            scope = [scope[0], reduce(scope[1])]
            if scope[1] is None or isinstance(scope[1], tuple):
                raise Refused("ScopeMissing")
        kind, subject = vector["subject"]
        if kind == "args":
            # The map of arguments is no container of the format's depth.
            subject = {name: reduce(value) for name, value in subject.items()}
        elif kind == "key":
            subject = reduce(subject)
        else:
            raise ValueError(f"unknown subject {kind}")
        return [
            suite,
            vector["ns"],
            vector["task"],
            vector["version"],
            scope,
            [kind, subject],
            vector["time"],
        ]

    def text(self, vector, document, digest):
        lead = "idem1" if self.mac is None else "idem1+" + escape(self.mac[0])
        scope = "-"
        if document[4] is not None:
            kind, value = document[4]
            is_int = isinstance(value, int) and not isinstance(value, bool)
            if self.mac is None and is_int:
                scope = f"{escape(kind)}={escape(str(value))}"
            elif self.mac is None and vector["scope_plain"] and isinstance(value, str):
                scope = f"{escape(kind)}={escape(value)}"
            else:
                label = encode(["idem1-scope", vector["ns"], kind, value])
                scope = f"{escape(kind)}~{self.hash(label).hexdigest()[:16]}"
        time = vector["time"]
        if time is None:
            time = "-"
        elif time[0] == "window":
            time = f"w{time[1]}.{time[2]}"
        else:
            time = time[2]
        task = f"{escape(vector['task'])}@{vector['version']}"
        return ":".join([lead, escape(vector["ns"]), task, scope, digest, time])


def check(vector):
    """What is wrong with a vector, as lines."""
    maker = Maker(vector["mac"])
    document = maker.document(vector)
    preimage = encode(document)
    digest = maker.hash(preimage).hexdigest()
    found = {
        "preimage": preimage.hex(),
        "digest": digest,
        "key": maker.text(vector, document, digest),
    }
    wrong = [
        f"{vector['id']}: {name}\n  vector {vector[name]}\n  oracle {value}"
        for name, value in found.items()
        if vector[name] != value
    ]
    if cbor2 is not None and through_cbor2(document) != preimage:
        wrong.append(f"{vector['id']}: cbor2 encodes it as {through_cbor2(document).hex()}")
    return wrong


# --- Fingerprints -------------------------------------------------------------------------------


def fingerprint(digest, args):
    """The stored form, for arguments of a plain key."""

    def hashed(lead, suite, rest, size):
        data = head(4, lead) + encode(suite) + head(2, 32) + digest + rest
        return hashlib.sha256(data).digest()[:size]

    names = sorted(args, key=encode)
    out = b"\x01" + hashed(3, "idem1-arguments", encode(args), 16) + bytes([len(names)])
    for name in names:
        value = encode(name) + encode(args[name])
        text = name.encode("utf-8")
        out += bytes([len(text)]) + text + hashed(4, "idem1-argument", value, 8)
    return out


def frozen_fingerprint():
    document = ["idem1", "app", "t", 1, None, ["key", "order-1"], None]
    digest = hashlib.sha256(encode(document)).digest()
    return fingerprint(digest, {"id": 7, "amount": 950})


def main(source):
    if source == "fingerprint":
        print(frozen_fingerprint().hex())
        return 0
    if source == "-":
        vectors = (read(line) for line in sys.stdin)
    else:
        with open(source, encoding="utf-8") as file:
            vectors = read(file.read())
    ran, wrong = 0, []
    for vector in vectors:
        if "error" in vector:
            continue
        ran += 1
        try:
            wrong += check(vector)
        except Refused as refusal:
            wrong.append(f"{vector['id']}: refused, {refusal}")
    print("\n".join(wrong[:20]))
    also = f"also by cbor2 {getattr(cbor2, '__version__', '')}" if cbor2 else "cbor2 is not installed"
    print(f"{ran} vectors checked, {len(wrong)} wrong; {also}")
    return 1 if wrong or ran == 0 else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
