"""Signs a student's record, and verifies one: `python -m course_lib.exercises sign ann.json --key mine.pem`.

The record is the file that the page "Your progress" saves. Signing says "I have seen this record"; whoever holds the
public half of the key can verify it, offline and for ever. The signature is Ed25519, made by the package
`cryptography` (pip install "beyond-fcn[sign]"); the file holds the record as it was, so that a student can read it.
"""

import argparse
import base64
import json
from pathlib import Path

from course_lib.files import whole

PURPOSE = b"beyond-fcn record 1\n"  # a signature made for something else is none here


def options(parser: argparse.ArgumentParser) -> None:
    """The options of `sign` and `verify`."""
    parser.add_argument("records", type=Path, nargs="+", help="the files, such as ann.json")
    parser.add_argument("--key", type=Path, required=True, help="sign: your key, made if not there; verify: its .pub")


def main(chosen: argparse.Namespace) -> int:
    """Sign or verify all records; the exit status is 1 if one cannot be believed."""
    if chosen.command == "sign":
        for path in chosen.records:
            print(f"{sign(path, chosen.key)}: signed; verify it with {public_of(chosen.key)}")
        return 0
    verdicts = [(path, verified(path, chosen.key)) for path in chosen.records]
    for path, record in verdicts:
        print(f"{path}: {in_words(record) if record else 'NOT what was signed with this key'}")
    return 0 if all(record for _, record in verdicts) else 1


def sign(path: Path, key: Path) -> Path:
    """Writes the signed record beside the record, as NAME.signed.json; makes the key if it is not there."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    record = read(path)
    if "signature" in record:
        raise ValueError(f"{path} is signed already; expected the file that the page saved")
    if not key.exists():
        made = Ed25519PrivateKey.generate()
        pem = serialization.Encoding.PEM
        secret = made.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        key.touch(mode=0o600)
        key.write_bytes(secret)
        public_of(key).write_bytes(made.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))
    try:
        own = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{key} is no private key without a password ({error}); name another, or a new file") from None
    if not isinstance(own, Ed25519PrivateKey):
        raise ValueError(f"{key} is a {type(own).__name__}, expected an Ed25519 key; name a new file and one is made")
    signature = base64.b64encode(own.sign(signed_part(record))).decode()
    out = path.with_suffix(".signed.json")
    whole.write(out, json.dumps({"record": record, "signature": signature}, indent=2, ensure_ascii=False) + "\n")
    return out


def verified(path: Path, key: Path) -> dict | None:
    """The record, if the signature is this key's and nothing was changed; else nothing."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import serialization

    held = read(path)
    try:
        known = serialization.load_pem_public_key(key.read_bytes())
    except ValueError as error:
        raise ValueError(f"{key} is no public key ({error}); expected the .pub that `sign` wrote") from None
    try:
        record, signature = held["record"], base64.b64decode(held["signature"], validate=True)
    except (KeyError, TypeError, ValueError):
        return None
    try:
        known.verify(signature, signed_part(record))
    except InvalidSignature:
        return None
    return record


def public_of(key: Path) -> Path:
    """Where the public half of a key lies: beside it, as NAME.pub."""
    return key.with_suffix(".pub")


def signed_part(record: dict) -> bytes:
    """The record as bytes that do not depend on how its file was laid out."""
    return PURPOSE + json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read(path: Path) -> dict:
    """A record, signed or not, from its file; anything else is refused in words."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} cannot be read as JSON ({error}); expected a record saved by the page") from None
    if not isinstance(found, dict) or not {"solved", "signature"} & set(found):
        raise ValueError(f"{path} holds no record; expected the file that the page 'Your progress' saves")
    return found


def in_words(record: dict) -> str:
    """Whose record it is and how much is solved, for the line that `verify` prints."""
    return f"signed as it is: {record.get('student') or 'no name'}, {len(record['solved'])} exercises solved"
