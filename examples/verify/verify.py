# python3 verify.py < body
# The headers and the secret come from the environment, the headers as CGI names them: HTTP_WEBHOOK_ID, …
import base64
import hashlib
import hmac
import json
import os
import sys
import time

TOLERANCE_SECONDS = 5 * 60


class Refused(Exception):
    """The delivery is not from Punctual, or not from now."""


def verify(secret: str, headers: dict, body: bytes) -> dict:
    """Gives the event that a delivery tells of.

    body: the bytes as they came; parsing and writing them again would change them.
    """
    event_id, timestamp, signature = (headers.get(name) for name in ("id", "timestamp", "signature"))
    if not event_id or not timestamp or not signature:
        raise Refused("a header is missing")
    try:
        age = int(time.time()) - int(timestamp)
    except ValueError:
        raise Refused("the timestamp is not from now") from None
    if abs(age) > TOLERANCE_SECONDS:
        raise Refused("the timestamp is not from now")

    key = base64.b64decode(secret.removeprefix("whsec_"))
    if not key:
        raise Refused("there is no secret")  # anyone can sign with nothing
    signed = f"{event_id}.{timestamp}.".encode(errors="replace") + body
    expected = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    # While a secret is being replaced there are two signatures: one that fits is enough. compare_digest takes as long
    # whichever character differs, which is what keeps a signature from being guessed bit by bit.
    if not any(hmac.compare_digest(one.encode(errors="replace"), expected) for one in signature.split(" ")):
        raise Refused("no signature fits")
    return json.loads(body)


if __name__ == "__main__":
    try:
        headers = {name: os.environ.get(f"HTTP_WEBHOOK_{name.upper()}") for name in ("id", "timestamp", "signature")}
        event = verify(os.environ.get("WEBHOOK_SECRET", ""), headers, sys.stdin.buffer.read())
        print(f"verified {event['event']}")
    except Refused as refusal:
        sys.exit(f"refused: {refusal}")
