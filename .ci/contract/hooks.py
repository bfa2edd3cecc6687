"""Signs Schemathesis in: one session for all operations, and one of its own each time for that which ends it."""

import json
import os
import urllib.request
import uuid

import schemathesis

LOGOUT = "/api/auth/logout"


class Session:
    def get(self, case, context):
        body = {"email": f"{uuid.uuid4()}@example.com", "password": "correct horse battery", "name": "Ada"}
        request = urllib.request.Request(
            os.environ["PUNCTUAL_URL"] + "/api/auth/register",
            json.dumps(body).encode(),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["accessToken"]

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


schemathesis.auth(refresh_interval=600).skip_for(path=LOGOUT)(Session)
schemathesis.auth(refresh_interval=None).apply_to(path=LOGOUT)(type("OwnSession", (Session,), {}))


@schemathesis.serializer("message/rfc822", "text/calendar")
def as_it_is(context, value):
    return value if isinstance(value, bytes) else str(value).encode()
